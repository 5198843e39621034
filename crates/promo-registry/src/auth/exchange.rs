//! From a request to its answer: authorization, redirects, repetition.

use std::sync::Arc;

use ::http::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_LENGTH, LOCATION};
use ::http::{HeaderValue, StatusCode};
use futures_util::{StreamExt, stream};
use promo_core::ports::Operation;
use url::Url;

use super::authorization::Authorization;
use super::{Access, Authorizer, LoginCheck};
use crate::dialect::answers;
use crate::http::{
    Answer, Attempts, Body, Dispatch, Floor, Intake, Repeat, Request, Sender, Traffic, authority,
    check_location, foreign_location, refusal, same_origin,
};
use crate::{Caps, Error, LocationRule};

/// How many redirects are followed.
const MAX_REDIRECTS: u32 = 5;
/// How often a request is sent with other credentials after a 401: once when the challenge is learned, and
/// once when a token is renewed.
const MAX_REFUSALS: u32 = 2;

/// Exchanges requests for answers.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) sender: Arc<Sender>,
    authorizer: Authorizer,
    caps: Caps,
}

impl Exchange {
    pub(crate) fn new(sender: Arc<Sender>, authorizer: Authorizer, caps: Caps) -> Self {
        Self {
            sender,
            authorizer,
            caps,
        }
    }

    /// Shows a registry who we are, and says what it made of it. The request asks for nothing else.
    pub(crate) async fn log_in(
        &self,
        access: &Access,
        request: Request,
    ) -> Result<LoginCheck, Error> {
        self.authorizer.introduce(access).await?;
        let answer = self.send(access, request).await?;
        if !answer.status().is_success() {
            return Err(self.refusal(answer).await);
        }
        Ok(if self.authorizer.is_asked_by(&access.host) {
            LoginCheck::Accepted
        } else {
            LoginCheck::NotAsked
        })
    }

    /// Sends a request until there is an answer that lasts. A 401 never comes back as an answer.
    pub(crate) async fn send(
        &self,
        access: &Access,
        mut request: Request,
    ) -> Result<Answer, Error> {
        let mut attempts = Attempts::new(&self.sender, access.host.as_str(), request.operation);
        let mut refusals = 0;
        let mut introduced = answers::may_be_cut_for_strangers(request.operation);
        if introduced {
            self.authorizer.introduce(access).await?;
        }
        loop {
            let authorization = self.authorizer.authorize(access).await?;
            let attempt = attempts.next();
            let followed = self.follow(access, (&mut request, attempt), &authorization);
            let mut outcome = followed.await;
            if let Ok(answer) = &mut outcome
                && answer.status() == StatusCode::UNAUTHORIZED
            {
                // The request for a token may need the places that this answer still takes.
                answer.free_places();
                let with_credentials = authorization.has_credentials();
                if request.repeat == Repeat::InPassing {
                    return Err(self.unauthenticated(outcome, with_credentials).await?);
                }
                let learned = self
                    .authorizer
                    .refused(access, authorization, answer.headers())
                    .await?;
                refusals += 1;
                if learned && refusals <= MAX_REFUSALS {
                    if request.body.is_whole() {
                        continue;
                    }
                    return Err(Error::TokenExpired {
                        host: access.host.to_string(),
                        what: request.what,
                    });
                }
                return Err(self.unauthenticated(outcome, with_credentials).await?);
            }
            match &mut outcome {
                Ok(answer) => {
                    let status = answer.status();
                    let doubted = !introduced
                        && authorization.is_strangers()
                        && answers::may_be_for_strangers(status);
                    self.authorizer.accepted(access, authorization, status)?;
                    if doubted && request.body.is_whole() {
                        introduced = true;
                        // The question that follows may need the places that this answer still takes.
                        answer.free_places();
                        if self.authorizer.introduce(access).await? {
                            continue;
                        }
                    }
                }
                // Other requests don't wait for this one while it is repeated.
                Err(_) => drop(authorization),
            }
            if !is_repeatable(&request, &outcome) || !attempts.again(&outcome).await {
                let means = means_of(request.operation);
                return outcome.map_err(|error| error.led_by(access.host.as_str(), means));
            }
        }
    }

    /// The error that an answer means.
    pub(crate) async fn refusal(&self, answer: Answer) -> Error {
        refusal(answer, self.caps.error, self.sender.hosts.clock.now()).await
    }

    async fn unauthenticated(
        &self,
        outcome: Result<Answer, Error>,
        sent: bool,
    ) -> Result<Error, Error> {
        let mut error = self.refusal(outcome?).await;
        if let Error::Unauthenticated {
            with_credentials, ..
        } = &mut error
        {
            *with_credentials = sent;
        }
        Ok(error)
    }

    /// Sends a request and follows redirects; those of writes only within the host.
    async fn follow(
        &self,
        access: &Access,
        (request, attempt): (&mut Request, u32),
        authorization: &Authorization,
    ) -> Result<Answer, Error> {
        let hosts = &self.sender.hosts;
        let endpoint = hosts.endpoint(&access.host)?;
        let mut url = request.url.clone();
        let mut home = same_origin(&url, &endpoint);
        for _ in 0..=MAX_REDIRECTS {
            let host = if home {
                access.host.to_string()
            } else {
                authority(&url)
            };
            let home_authorization = home.then_some(authorization);
            let dispatch = self.dispatch(
                access,
                (request, attempt),
                (&host, &url),
                home_authorization,
            );
            let answer = self.sender.send_once(dispatch).await?;
            if home && !self.sender.clients.is_proxied(&url) {
                hosts.learn_network(&access.host, answer.remote_address());
            }
            let Some(target) = redirect_target(&answer, &url)? else {
                return Ok(answer);
            };
            let foreign = |rule| foreign_location(&access.host, &request.what, &target, rule);
            let stays = home && same_origin(&target, &url);
            let may_follow =
                request.is_read() || stays && keeps_its_write(request, answer.status());
            if !may_follow {
                return Err(foreign(LocationRule::NotARead));
            }
            check_location(&url, &target, hosts.reach_of(&access.host)).map_err(foreign)?;
            // Credentials are never sent again once another host was redirected to: it could send us back with a
            // request of its choice.
            home = home && same_origin(&target, &endpoint);
            url = target;
        }
        Err(foreign_location(
            &access.host,
            &request.what,
            &url,
            LocationRule::TooMany,
        ))
    }

    fn dispatch<'a>(
        &self,
        access: &Access,
        (request, attempt): (&'a mut Request, u32),
        (host, url): (&'a str, &Url),
        home: Option<&Authorization>,
    ) -> Dispatch<'a> {
        let hosts = &self.sender.hosts;
        let mut sent = reqwest::Request::new(request.method.clone(), url.clone());
        *sent.headers_mut() = request.headers.clone();
        sent.headers_mut()
            .insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        if let Some(value) = home.and_then(Authorization::header) {
            sent.headers_mut().insert(AUTHORIZATION, value.clone());
        }
        let is_stream = matches!(request.body, Body::Stream { .. });
        let floor = Floor::of_sending(&self.sender.deadlines);
        let intake = set_body(&mut sent, &mut request.body, floor);
        let (clients, traffic) = (&self.sender.clients, Traffic::of(request.operation));
        let pool = if home.is_some() {
            clients.for_registry(&access.host, traffic)
        } else {
            clients.for_elsewhere(url, hosts.reach_of(&access.host), traffic)
        };
        Dispatch {
            pool,
            request: sent,
            host,
            operation: request.operation,
            what: &request.what,
            attempt,
            budget: match home {
                Some(_) => hosts.budget(access.host.as_str()),
                None => hosts.budget_elsewhere(host),
            },
            intake,
            at_once: request.repeat == Repeat::Never && !is_stream,
            wait: request.wait,
            cap: self.caps.of(request.operation),
        }
    }
}

fn is_repeatable(request: &Request, outcome: &Result<Answer, Error>) -> bool {
    if let Err(Error::OutOfFiles(_)) = outcome {
        // It was never sent.
        return request.body.is_whole();
    }
    let broken = match outcome {
        Ok(answer) => answer.status().is_server_error(),
        Err(error) => matches!(
            error,
            Error::Connection { .. } | Error::Deadline { .. } | Error::TooSlow(_)
        ),
    };
    request.body.is_whole()
        && match request.repeat {
            Repeat::Safe => true,
            Repeat::UnlessBroken => !broken,
            Repeat::InPassing | Repeat::Never => false,
        }
}

/// By what a registry sends us to another host.
fn means_of(operation: Operation) -> &'static str {
    match operation {
        Operation::BlobPut | Operation::UploadCancel => "upload location",
        _ => "redirect",
    }
}

/// Whether a redirect lets a write stay the request that it is: 303 asks for another request, and with a body only 307
/// and 308 promise that it goes along.
fn keeps_its_write(request: &Request, status: StatusCode) -> bool {
    match status.as_u16() {
        301 | 302 => request.body.is_empty(),
        307 | 308 => request.body.is_whole() && !matches!(request.body, Body::Stream { .. }),
        _ => false,
    }
}

/// Gives the body to a request; a stream is taken out. Returns what watches it.
fn set_body(sent: &mut reqwest::Request, body: &mut Body, floor: Floor) -> Option<Arc<Intake>> {
    match body {
        Body::Empty => {
            // A POST or PUT says that it has no body.
            if sent.method() == ::http::Method::POST || sent.method() == ::http::Method::PUT {
                sent.headers_mut()
                    .insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
            }
            None
        }
        Body::Bytes(bytes) => {
            sent.headers_mut()
                .insert(CONTENT_LENGTH, HeaderValue::from(bytes.len()));
            *sent.body_mut() = Some(bytes.clone().into());
            None
        }
        Body::Pieces(pieces) => {
            let length = pieces.iter().map(|piece| piece.len() as u64).sum();
            sent.headers_mut()
                .insert(CONTENT_LENGTH, HeaderValue::from(length));
            let intake = Arc::new(Intake::new(floor, length));
            if length > 0 {
                let pieces = stream::iter(pieces.clone()).map(Ok).boxed();
                *sent.body_mut() = Some(reqwest::Body::wrap_stream(intake.watch(pieces)));
            }
            Some(intake)
        }
        Body::Stream { length, stream } => {
            sent.headers_mut()
                .insert(CONTENT_LENGTH, HeaderValue::from(*length));
            let intake = Arc::new(Intake::new(floor, *length));
            if let Some(stream) = stream.take() {
                *sent.body_mut() = Some(reqwest::Body::wrap_stream(intake.watch(stream)));
            }
            Some(intake)
        }
    }
}

/// Where an answer redirects to, if it does.
fn redirect_target(answer: &Answer, url: &Url) -> Result<Option<Url>, Error> {
    if !matches!(answer.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let malformed = |reason: &str| Error::malformed(&answer.host, &answer.what, reason);
    let location = answer
        .header(LOCATION)
        .ok_or_else(|| malformed("a redirect without a Location"))?;
    url.join(location)
        .map(Some)
        .map_err(|_| malformed("the Location of a redirect is no URL"))
}
