use std::sync::Arc;

use jiff::Timestamp;
use url::Url;

use super::{APART, Place, Round, Rounds, Scopes, TOGETHER, Turn};
use crate::Error;
use crate::auth::token::{Token, TokenRequest, read};
use crate::http::Reach;

fn request(name: &str) -> TokenRequest {
    TokenRequest {
        host: "r.example".parse().unwrap(),
        realm: Url::parse("https://r.example/token").unwrap(),
        reach: Reach::Anywhere,
        service: None,
        scopes: Scopes::pull(name),
        credential: None,
    }
}

/// A token for these repositories; one that says nothing of itself for none.
fn token(names: &[&str]) -> Token {
    use base64::Engine as _;
    let text = if names.is_empty() {
        "opaque".to_owned()
    } else {
        let access: Vec<_> = names
            .iter()
            .map(
                |name| serde_json::json!({"type": "repository", "name": name, "actions": ["pull"]}),
            )
            .collect();
        let claims = serde_json::json!({ "access": access }).to_string();
        let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(claims);
        format!("e30.{claims}.eA")
    };
    let document = serde_json::json!({ "token": text }).to_string();
    read(document.as_bytes(), Timestamp::UNIX_EPOCH, false).unwrap()
}

/// As many as may ask at once, asking.
async fn full(rounds: &Arc<Rounds>) -> Vec<Place> {
    let mut places = Vec::new();
    for number in 0..APART {
        match rounds.turn(&request(&format!("first{number}"))).await {
            Turn::Own(Some(place)) => places.push(place),
            other => panic!("{other:?}"),
        }
    }
    places
}

/// Those who come now, waiting.
async fn wait(rounds: &Arc<Rounds>, names: &[&str]) -> Vec<tokio::task::JoinHandle<Turn>> {
    let mut waiting = Vec::new();
    for name in names {
        let (rounds, request) = (Arc::clone(rounds), request(name));
        waiting.push(tokio::spawn(async move { rounds.turn(&request).await }));
        // On this runtime it runs until it waits.
        tokio::task::yield_now().await;
    }
    waiting
}

fn round(turn: Turn) -> Round {
    match turn {
        Turn::ForAll(round) => round,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn who_waits_is_asked_for_together_and_gets_what_is_granted() {
    let rounds = Arc::new(Rounds::default());
    let mut places = full(&rounds).await;
    let mut waiting = wait(&rounds, &["a", "b", "c"]).await;
    places.pop().unwrap().answered(&token(&["first3"]));
    let round = round(waiting.remove(0).await.unwrap());
    assert_eq!(
        round.scopes().texts(),
        [
            "repository:a:pull",
            "repository:b:pull",
            "repository:c:pull"
        ]
    );
    let own = round.deal(&Ok(token(&["a", "b"]))).unwrap().unwrap();
    assert!(own.shared);
    assert!(matches!(waiting.remove(0).await.unwrap(), Turn::Asked(Ok(token)) if token.shared));
    // `c` was not granted: it asks for itself, now and from now on, though the line is full.
    assert!(matches!(waiting.remove(0).await.unwrap(), Turn::Own(None)));
    let _fourth = wait(&rounds, &["d"]).await;
    assert!(matches!(
        rounds.turn(&request("c")).await,
        Turn::Own(Some(_))
    ));
}

#[tokio::test]
async fn a_question_is_bounded() {
    let rounds = Arc::new(Rounds::default());
    let mut places = full(&rounds).await;
    let names: Vec<String> = (0..TOGETHER + 2)
        .map(|number| format!("r{number}"))
        .collect();
    let long = "l".repeat(1200);
    let long = [format!("{long}/1"), format!("{long}/2")];
    let names: Vec<&str> = names.iter().chain(&long).map(String::as_str).collect();
    let mut waiting = wait(&rounds, &names).await;
    places.pop();
    let first = round(waiting.remove(0).await.unwrap());
    assert_eq!(first.scopes().texts().len(), TOGETHER);
    places.pop();
    // Two are left, and one of the long ones; both would be too much for a URL.
    let second = round(waiting.remove(TOGETHER - 1).await.unwrap());
    assert_eq!(second.scopes().texts().len(), 3);
}

#[tokio::test]
async fn where_tokens_say_nothing_everybody_asks_alone() {
    let rounds = Arc::new(Rounds::default());
    let mut places = full(&rounds).await;
    let waiting = wait(&rounds, &["a", "b"]).await;
    places.pop().unwrap().answered(&token(&[]));
    for one in waiting {
        assert!(matches!(one.await.unwrap(), Turn::Own(_)));
    }
    assert!(matches!(
        rounds.turn(&request("c")).await,
        Turn::Own(Some(_))
    ));
}

#[tokio::test]
async fn a_token_server_that_refuses_several_is_asked_for_each() {
    let rounds = Arc::new(Rounds::default());
    let mut places = full(&rounds).await;
    let mut waiting = wait(&rounds, &["a", "b"]).await;
    places.pop();
    let first = round(waiting.remove(0).await.unwrap());
    let refused = Error::malformed("r.example", "a token", "one scope only");
    assert!(first.deal(&Err(refused)).is_none());
    assert!(matches!(waiting.remove(0).await.unwrap(), Turn::Own(_)));
}

#[tokio::test]
async fn nobody_waits_for_one_who_is_gone() {
    let rounds = Arc::new(Rounds::default());
    let mut places = full(&rounds).await;
    let mut waiting = wait(&rounds, &["a", "b", "c"]).await;
    // The first of them is dropped before its turn, and is passed over.
    let first = waiting.remove(0);
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    places.pop();
    let second = round(waiting.remove(0).await.unwrap());
    // The second is dropped while it asks.
    drop(second);
    assert!(matches!(waiting.remove(0).await.unwrap(), Turn::Own(None)));
}
