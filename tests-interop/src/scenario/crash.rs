//! `kill -9` between two CNCF registries over TLS and HTTP/2, at moments that the registry's log names: after so many requests
//! of a run, signatures or tags. After each kill everything that stands is looked at from outside; then the run is resumed.
//!
//! `interruption` kills at random moments, over plain HTTP to two mirrors; here the same places are met each time.

mod stage;
mod standing;

use std::process::Stdio;

use crate::access_log::Request;
use crate::cosign::Form;
use crate::interop::Setting;
use crate::promo::PROMOTION_TYPE;
use stage::{Begin, IMAGES, Image, Spent, Stage};
use standing::Standing;
use xtask::error::{Error, OnPath, Result};
use xtask::process;

/// Runs that are killed once: all over a run's requests, and amid its signatures and its tags.
const KILLS_BY_REQUESTS: usize = 6;
const KILLS_BY_SIGNATURES: usize = 2;
const KILLS_BY_TAGS: usize = 3;
/// One promotion is killed again and again, each time after this share of a whole run's requests (in percent). It must be more
/// than it takes to look at what stands, or no run would get further than the one before.
const SHARE: usize = 60;
const MOST_KILLS: usize = 6;

/// When a run is killed: after so many of these requests to production.
struct Moment {
    name: &'static str,
    is_counted: fn(&Request) -> bool,
    count: usize,
}

pub(crate) fn run(setting: &Setting<'_>) -> Result<()> {
    let stage = Stage::prepare(setting)?;
    let whole = stage.promote("whole", &Standing::default())?;
    println!(
        "an undisturbed run of {IMAGES} images sends {} requests, all by HTTP/2",
        whole.count()
    );
    let mut amid_tags = 0;
    for (round, moment) in moments(&whole).iter().enumerate() {
        let is_amid_tags = kill_once(&stage, &format!("round-{round}"), moment, &whole)?;
        amid_tags += usize::from(is_amid_tags);
    }
    if amid_tags == 0 {
        return Err(Error::unmet("no run was killed between two of its tags"));
    }
    kill_again_and_again(&stage, "again", &whole)?;
    demand_no_write(&stage, "again", &whole)?;
    let_cosign_judge(&stage, "again")
}

/// Moments all over a run, and amid what matters most.
fn moments(whole: &Spent) -> Vec<Moment> {
    let spread = |name, is_counted: fn(&Request) -> bool, kills: usize| {
        let all = whole.production.iter().filter(|it| is_counted(it)).count();
        (1..=kills).map(move |kill| Moment {
            name,
            is_counted,
            count: (all * kill / (kills + 1)).max(1),
        })
    };
    let is_signature = |request: &Request| {
        let tag = request.tag_put();
        tag.is_some_and(|tag| tag.strip_suffix(".sig").is_some())
    };
    let is_tag = |request: &Request| {
        let tag = request.tag_put();
        tag.is_some_and(|tag| !tag.starts_with("sha256-"))
    };
    spread("requests", |_| true, KILLS_BY_REQUESTS)
        .chain(spread("signatures", is_signature, KILLS_BY_SIGNATURES))
        .chain(spread("tags", is_tag, KILLS_BY_TAGS))
        .collect()
}

/// A run that is killed, what stands then, and the run that resumes it. True if some of its tags stood, and not all.
fn kill_once(stage: &Stage, round: &str, moment: &Moment, whole: &Spent) -> Result<bool> {
    let Moment { name, count, .. } = moment;
    let begin = stage.begin();
    if !kill_at(stage, round, begin, moment)? {
        return Err(Error::unmet(format!(
            "{round}: the run was over before its {count} {name}"
        )));
    }
    let killed = stage.spent(begin)?;
    let standing = stage.look(round)?;
    let resumed = stage.promote(round, &standing)?;
    let published = standing.published();
    println!(
        "killed after {count} {name}, {} of a run's requests: {published} tags, all with evidence; resumed with {}",
        killed.share(whole),
        resumed.share(whole),
    );
    Ok(published > 0 && published < Standing::wanted(&stage.images))
}

/// Kills run after run over the same repositories, until one comes to its end.
fn kill_again_and_again(stage: &Stage, round: &str, whole: &Spent) -> Result<()> {
    let moment = Moment {
        name: "requests",
        is_counted: |_| true,
        count: whole.production.len() * SHARE / 100,
    };
    let mut before = Standing::default();
    let (mut kills, mut requests) = (0, 0);
    while kills < MOST_KILLS {
        let begin = stage.begin();
        let was_killed = kill_at(stage, round, begin, &moment)?;
        requests += stage.spent(begin)?.count();
        let standing = stage.look(round)?;
        standing.demand_still(&before)?;
        before = standing;
        if !was_killed {
            break;
        }
        kills += 1;
    }
    requests += stage.promote(round, &before)?.count();
    println!(
        "killed {kills} times in a row, after {} requests to production each: all runs together sent {} %",
        moment.count,
        requests * 100 / whole.count().max(1)
    );
    if kills > 1 {
        return Ok(());
    }
    Err(Error::unmet("no promotion was killed twice in a row"))
}

/// Starts a run and kills it; false if it was over before, and then it was content.
fn kill_at(stage: &Stage, round: &str, begin: Begin, moment: &Moment) -> Result<bool> {
    let tree = stage.write_tree(round)?;
    let mut command = stage.promo.promote(&stage.promotion(&tree));
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut child = process::spawn(&mut command)?;
    let has_come = |requests: &[Request]| {
        let counted = requests.iter().filter(|it| (moment.is_counted)(it));
        counted.count() >= moment.count
    };
    // Whoever can't be asked is gone.
    let is_over = || !matches!(child.try_wait(), Ok(None));
    let log = &stage.production.log;
    log.wait(begin.production, has_come, is_over);
    child.kill().on("kill", &tree)?;
    let status = child.wait().on("wait for", &tree)?;
    match status.code() {
        None => Ok(true),
        Some(0) => Ok(false),
        Some(code) => Err(Error::unmet(format!("{round}: a run ended with {code}"))),
    }
}

/// Nothing is left to do.
fn demand_no_write(stage: &Stage, round: &str, whole: &Spent) -> Result<()> {
    let spent = stage.promote(round, &Standing::default())?;
    if let Some(write) = spent.all().find(|it| it.is_write()) {
        return Err(Error::unmet(format!("a third run wrote: {write:?}")));
    }
    println!(
        "a third run sends no write, and {} of a run's requests",
        spent.share(whole)
    );
    Ok(())
}

fn let_cosign_judge(stage: &Stage, round: &str) -> Result<()> {
    for Image { name, digest, .. } in stage.images.iter().step_by(IMAGES / 3) {
        let address = stage.production.server.address();
        let image = format!("{address}/{round}/{name}@{digest}");
        let key = &stage.keys.public;
        stage.cosign.verify(&image, key, Form::Bundle)?.success()?;
        stage
            .cosign
            .verify_attestation(&image, key, PROMOTION_TYPE, Form::Bundle)?
            .success()?;
    }
    Ok(())
}
