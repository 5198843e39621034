//! A request while it is being answered: faults before, quota, authentication, the handler, and faults after.

use std::sync::Arc;

use http::StatusCode;
use http::header::CONTENT_LENGTH;
use http::request::Parts;
use tokio::time::Instant;

use super::auth::{self, Caller};
use super::body::{Ending, RequestBody};
use super::faults::{Barrier, Fault, Step};
use super::lock::lock;
use super::log::Record;
use super::options::{Locations, Switches};
use super::reply::{ErrorCode, Failure, Reply};
use super::route::{Operation, Query, Target, is_repository_name};
use super::server::Shared;
use super::state::corrupt;
use super::{blobs, manifests, referrers, tags, uploads};

/// An answer, and how its body is sent.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) reply: Reply,
    pub(super) ending: Ending,
    /// Where the body waits for a barrier.
    pub(super) hold: Option<(u64, Barrier)>,
}

/// A request while it is being answered.
pub(super) struct Exchange<'a> {
    pub(super) shared: &'a Shared,
    pub(super) switches: Arc<Switches>,
    pub(super) target: &'a Target,
    pub(super) query: Query,
    pub(super) body: &'a mut RequestBody,
    pub(super) parts: &'a Parts,
    pub(super) caller: Option<Caller>,
    /// Whether what is put is kept.
    pub(super) keeps: bool,
}

impl Exchange<'_> {
    /// The repository that the path names.
    pub(super) fn repository(&self) -> Result<&str, Failure> {
        self.target.repository.as_deref().ok_or_else(not_found)
    }

    /// The tag or digest that the request names.
    pub(super) fn reference(&self) -> Result<&str, Failure> {
        self.target.reference.as_deref().ok_or_else(not_found)
    }

    /// A header of the request, when it is text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.parts.headers.get(name)?.to_str().ok()
    }

    /// A `Location` for a path.
    pub(super) fn location(&self, path: &str) -> String {
        match self.switches.locations {
            Locations::Relative => path.to_owned(),
            Locations::Absolute => format!("{}{path}", self.shared.url()),
        }
    }

    /// Adds `Docker-Content-Digest`.
    pub(super) fn content_digest(&self, reply: Reply, digest: &str) -> Reply {
        reply.header_if(
            "docker-content-digest",
            self.switches.digest_header.then_some(digest),
        )
    }

    /// Whether the caller may read another repository than the one that the path names.
    pub(super) fn may_read(&self, repository: &str) -> bool {
        !self.switches.forbidden.contains(repository)
            && self
                .caller
                .as_ref()
                .is_some_and(|caller| caller.may_pull(repository))
    }

    pub(super) fn check_deletes(&self) -> Result<(), Failure> {
        if self.switches.deletes {
            return Ok(());
        }
        let message = "deleting is switched off";
        Err(Failure::new(
            StatusCode::METHOD_NOT_ALLOWED,
            ErrorCode::Unsupported,
            message,
        ))
    }

    /// The answer and how its body ends; `None` when the connection is to be reset.
    pub(super) async fn answer(&mut self, steps: &[Step], record: &Record) -> Option<Outgoing> {
        if !self.switches.latency.is_zero() {
            tokio::time::sleep(self.switches.latency).await;
        }
        let mut instead = None;
        for step in steps {
            match step {
                Step::Pause(barrier) => barrier.pass().await,
                Step::Fault(Fault::Latency(latency)) => tokio::time::sleep(*latency).await,
                Step::Fault(Fault::Answer(answer)) => {
                    instead.get_or_insert_with(|| answer.reply());
                }
                Step::Fault(Fault::Reset) => return None,
                Step::Fault(Fault::KeepNothing) => self.keeps = false,
                Step::Fault(Fault::CollectOrphans) => self.shared.state.collect_orphans(),
                Step::Fault(Fault::ResetRequest { after }) => self.body.break_at(*after),
                Step::PauseRequestBody { after, barrier } => {
                    self.body.hold_at(*after, barrier.clone());
                }
                Step::Fault(_) | Step::PauseAnswer(_) | Step::PauseAnswerBody { .. } => {}
            }
        }
        let reply = match instead {
            Some(reply) => reply,
            None => match self.handle(record).await {
                Ok(reply) => reply,
                Err(Failure::Refused(reply)) => *reply,
                Err(Failure::Disconnected) => return None,
            },
        };
        alter(reply, steps).await
    }

    async fn handle(&mut self, record: &Record) -> Result<Reply, Failure> {
        self.check_quota()?;
        self.check_body_limit()?;
        if self.target.operation == Operation::Token {
            let Shared { auth, tokens, .. } = self.shared;
            let (user, reply) =
                auth::answer_token(auth, tokens, self.parts, &self.query, self.body).await?;
            record.set_user(user);
            return Ok(reply);
        }
        let caller = self.authorize()?;
        record.set_user(caller.user.clone());
        self.caller = Some(caller);
        self.check_repository()?;
        self.dispatch().await
    }

    async fn dispatch(&mut self) -> Result<Reply, Failure> {
        match self.target.operation {
            Operation::Base => Ok(Reply::json(StatusCode::OK, &serde_json::json!({}))
                .header("docker-distribution-api-version", "registry/2.0")),
            Operation::ManifestHead | Operation::ManifestGet => manifests::get(self),
            Operation::ManifestPut => manifests::put(self).await,
            Operation::ManifestDelete => manifests::delete(self),
            Operation::BlobHead | Operation::BlobGet => blobs::get(self),
            Operation::BlobDelete => blobs::delete(self),
            Operation::UploadStart => uploads::start(self),
            Operation::BlobPost => uploads::post(self).await,
            Operation::Mount => blobs::mount(self),
            Operation::BlobPatch => uploads::patch(self).await,
            Operation::BlobPut => uploads::put(self).await,
            Operation::UploadStatus => uploads::status(self).await,
            Operation::UploadCancel => uploads::cancel(self),
            Operation::TagList => tags::list(self),
            Operation::Referrers => referrers::list(self),
            Operation::Catalog => tags::catalog(self),
            Operation::Token | Operation::Unknown => Err(not_found()),
        }
    }

    fn check_quota(&self) -> Result<(), Failure> {
        let Some(quota) = self.switches.quota else {
            return Ok(());
        };
        if lock(&self.shared.quota).take(quota, Instant::now()) {
            return Ok(());
        }
        let message = "the quota is used up";
        let failure = Failure::new(
            StatusCode::TOO_MANY_REQUESTS,
            ErrorCode::TooManyRequests,
            message,
        );
        Err(failure.header("retry-after", quota.retry_after.to_string()))
    }

    fn check_body_limit(&self) -> Result<(), Failure> {
        let announced = self.header(CONTENT_LENGTH.as_str());
        let announced = announced.and_then(|length| length.parse::<u64>().ok());
        let limit = self.switches.body_limit.unwrap_or(u64::MAX);
        if announced.is_none_or(|announced| announced <= limit) {
            return Ok(());
        }
        Err(Failure::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            ErrorCode::SizeInvalid,
            "the body is too large",
        ))
    }

    fn authorize(&self) -> Result<Caller, Failure> {
        let Shared {
            auth,
            tokens,
            url,
            host,
            ..
        } = self.shared;
        let address = auth::RegistryAddress { url, host };
        let caller = auth::authorize(auth, tokens, address, self.parts, self.target, &self.query)?;
        let source = self
            .query
            .get("from")
            .filter(|_| self.target.operation == Operation::Mount);
        if self.switches.challenge_mount_source
            && source.is_some_and(|source| !caller.may_pull(source))
        {
            return Err(auth::challenge_mount(
                auth,
                address,
                self.target,
                &self.query,
            ));
        }
        Ok(caller)
    }

    fn check_repository(&self) -> Result<(), Failure> {
        let Some(name) = &self.target.repository else {
            return Ok(());
        };
        if self.switches.forbidden.contains(name) {
            let message = "nobody may use this repository";
            return Err(Failure::new(
                StatusCode::FORBIDDEN,
                ErrorCode::Denied,
                message,
            ));
        }
        if !is_repository_name(name) {
            return Err(Failure::new(
                StatusCode::BAD_REQUEST,
                ErrorCode::NameInvalid,
                "not a repository name",
            ));
        }
        Ok(())
    }
}

/// Applies the faults that alter an answer; `None` when the connection is to be reset.
async fn alter(reply: Reply, steps: &[Step]) -> Option<Outgoing> {
    let mut outgoing = Outgoing {
        reply,
        ending: Ending::Complete,
        hold: None,
    };
    let Outgoing {
        reply,
        ending,
        hold,
    } = &mut outgoing;
    for step in steps {
        match step {
            Step::PauseAnswer(barrier) => barrier.pass().await,
            Step::PauseAnswerBody { after, barrier } => *hold = Some((*after, barrier.clone())),
            Step::Fault(Fault::ResetAnswer) => return None,
            Step::Fault(Fault::ResetBody { after }) => *ending = Ending::Reset(*after),
            Step::Fault(Fault::Truncate { after }) => *ending = Ending::Truncated(*after),
            Step::Fault(Fault::Endless) => *ending = Ending::Endless,
            Step::Fault(Fault::Corrupt) => {
                // An empty body has nothing to alter.
                let _altered = corrupt(&mut reply.body);
            }
            Step::Fault(Fault::Body(body)) => reply.body = body.clone(),
            Step::Fault(Fault::Header(name, value)) => {
                *reply = reply.clone().header(name.as_str(), value);
            }
            Step::Fault(Fault::RemoveHeader(name)) => {
                reply.headers.remove(name.as_str());
            }
            // These came before the request was handled.
            Step::Pause(_)
            | Step::PauseRequestBody { .. }
            | Step::Fault(
                Fault::Latency(_)
                | Fault::Answer(_)
                | Fault::Reset
                | Fault::ResetRequest { .. }
                | Fault::KeepNothing
                | Fault::CollectOrphans,
            ) => {}
        }
    }
    Some(outgoing)
}

fn not_found() -> Failure {
    Failure::new(
        StatusCode::NOT_FOUND,
        ErrorCode::Unsupported,
        "no such endpoint",
    )
}
