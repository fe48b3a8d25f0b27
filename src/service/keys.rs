//! API keys: who may call what, and how often. The server knows their hashes only.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::{HeaderMap, header};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use tokio::sync::{Mutex as Queue, Notify};
use tokio::time::Instant;

/// Schemes are compared in any case (RFC 9110, 11.1).
pub(super) const SCHEME: &str = "Bearer";
pub(super) const KEY_HEADER: &str = "x-api-key";
const PREFIX: &str = "cdk_";
/// 256 random bits: nobody finds such a key by trying, and a plain hash of it is as safe as a slow one.
const KEY_BYTES: usize = 32;

/// What a key is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The calls of the classifier.
    Classify,
    /// Metrics.
    Observe,
}

/// A key as the server knows it.
#[derive(Clone, PartialEq)]
pub struct ApiKey {
    /// Who has it; appears in logs.
    pub name: String,
    /// SHA-256 of the key.
    pub sha256: [u8; 32],
    /// What it is good for.
    pub roles: Vec<Role>,
    /// So many articles a second on average, and so many at once, batches and streams half as many; `None`: as many as
    /// the server takes.
    pub articles_per_second: Option<u32>,
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKey")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// A new key of random bytes, as its owner writes it.
#[must_use]
pub fn new_key() -> String {
    let bytes: [u8; KEY_BYTES] = rand::random();
    let digits = bytes.iter().map(|byte| format!("{byte:02x}"));
    format!("{PREFIX}{}", digits.collect::<String>())
}

/// What the server keeps of a key.
#[must_use]
pub fn hash(key: &str) -> [u8; 32] {
    Sha256::digest(key).into()
}

/// Why a caller is turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoAccess {
    /// No key where one is needed.
    #[error(
        "the call has no API key; send one as \"authorization: Bearer KEY\" or \"x-api-key: KEY\""
    )]
    NoKey,
    /// A key that is not known.
    #[error("the API key is not known here")]
    WrongKey,
    /// A key for other things.
    #[error(
        "the API key does not have the role that this call needs: observe for /metrics, classify for the classifier's calls"
    )]
    WrongRole,
}

/// A caller that is known.
#[derive(Debug)]
pub(super) struct Caller {
    key: ApiKey,
    rate: Option<Rate>,
}

impl Caller {
    pub(super) fn name(&self) -> &str {
        &self.key.name
    }

    /// Uses up one article of the rate, or says how long to wait for it.
    pub(super) fn at_once(&self) -> Result<(), Duration> {
        match &self.rate {
            Some(rate) => rate.at_once(Instant::now()),
            None => Ok(()),
        }
    }

    /// Uses up one article of the rate if there is one and nobody waits for it.
    pub(super) fn in_turn_at_once(&self) -> bool {
        let rate = self.rate.as_ref();
        rate.is_none_or(|rate| rate.in_turn_at_once(Instant::now()))
    }

    /// Uses up one article of the rate, waiting for it. Only for tasks that are always polled: others of the
    /// same key wait behind it.
    pub(super) async fn in_turn(&self) {
        if let Some(rate) = &self.rate {
            rate.in_turn().await;
        }
    }
}

/// All keys; without any, everyone may call.
#[derive(Debug)]
pub(super) struct Keys(Vec<Arc<Caller>>);

impl Keys {
    pub(super) fn new(keys: &[ApiKey]) -> Self {
        let callers = keys.iter().cloned().map(|key| {
            let rate = key.articles_per_second.map(Rate::new);
            Arc::new(Caller { key, rate })
        });
        Self(callers.collect())
    }

    /// Whose key the headers have, whatever it is good for.
    pub(super) fn caller(&self, headers: &HeaderMap) -> Result<Arc<Caller>, NoAccess> {
        let sent = sent_key(headers).ok_or(NoAccess::NoKey)?;
        self.find(sent).map(Arc::clone).ok_or(NoAccess::WrongKey)
    }

    /// Whether a caller has a role, or any where none is asked for. Without any keys everyone has.
    pub(super) fn admit(
        &self,
        caller: Result<&Caller, NoAccess>,
        role: Option<Role>,
    ) -> Result<(), NoAccess> {
        if self.0.is_empty() {
            return Ok(());
        }
        let caller = caller?;
        let has_role = role.is_none_or(|role| caller.key.roles.contains(&role));
        has_role.then_some(()).ok_or(NoAccess::WrongRole)
    }

    /// Compares with every key to the last byte: the time tells nothing of which comes near.
    fn find(&self, sent: &str) -> Option<&Arc<Caller>> {
        let sent = hash(sent);
        let mut found = u32::MAX;
        for (place, caller) in (0..).zip(&self.0) {
            let is_it: Choice = caller.key.sha256.ct_eq(&sent);
            found.conditional_assign(&place, is_it);
        }
        self.0.get(usize::try_from(found).ok()?)
    }
}

fn sent_key(headers: &HeaderMap) -> Option<&str> {
    let bearer = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case(SCHEME))
        .map(|(_, sent)| sent.trim_start_matches(' '))
        .filter(|sent| !sent.is_empty());
    let plain = headers
        .get(KEY_HEADER)
        .and_then(|value| value.to_str().ok())
        .filter(|sent| !sent.is_empty());
    bearer.or(plain)
}

/// So many in a second on average, and so many at once: the generic cell rate algorithm, which keeps
/// one point in time.
#[derive(Debug)]
struct Rate {
    interval: Duration,
    /// What single calls may use up at once.
    burst: Duration,
    /// What articles of batches and streams may: they would otherwise take each place as soon as there is one, and
    /// every single call of the same key be refused.
    burst_in_turn: Duration,
    places: Mutex<Places>,
    /// Those who wait for a place, first come first served.
    queue: Queue<()>,
    /// Wakes the first of them.
    is_owed: Notify,
}

#[derive(Debug)]
struct Places {
    /// When the allowance would be whole again.
    whole_at: Instant,
    has_waiting: bool,
    /// A single call was let through before who waits: the next place is not for another.
    is_owed: bool,
}

impl Places {
    /// How long it takes until there is a place of so much at once.
    fn wait(&self, interval: Duration, burst: Duration, now: Instant) -> Duration {
        (self.whole_at + interval).saturating_duration_since(now + burst)
    }

    fn take(&mut self, interval: Duration, now: Instant) {
        self.whole_at = self.whole_at.max(now) + interval;
    }
}

/// The first of those who wait, as long as it does.
struct Waiting<'a>(&'a Rate);

impl<'a> Waiting<'a> {
    fn on(rate: &'a Rate) -> Self {
        rate.places().has_waiting = true;
        Self(rate)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.places().has_waiting = false;
    }
}

impl Rate {
    fn new(per_second: u32) -> Self {
        let burst = Duration::from_secs(1);
        Self {
            interval: burst / per_second.max(1),
            burst,
            burst_in_turn: burst / 2,
            places: Mutex::new(Places {
                whole_at: Instant::now(),
                has_waiting: false,
                is_owed: false,
            }),
            queue: Queue::new(()),
            is_owed: Notify::new(),
        }
    }

    fn places(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a place for a single call, or says how long to wait for it. Where others wait too, every other place is
    /// theirs.
    fn at_once(&self, now: Instant) -> Result<(), Duration> {
        let mut places = self.places();
        if places.has_waiting && places.is_owed {
            return Err(places.wait(2 * self.interval, self.burst, now));
        }
        let wait = places.wait(self.interval, self.burst, now);
        if !wait.is_zero() {
            return Err(wait);
        }
        places.take(self.interval, now);
        if places.has_waiting {
            places.is_owed = true;
            self.is_owed.notify_one();
        }
        Ok(())
    }

    /// Takes a place for who waits, or says how long to wait for it.
    fn next(&self, now: Instant) -> Result<(), Duration> {
        let mut places = self.places();
        let burst = match places.is_owed {
            true => self.burst,
            false => self.burst_in_turn,
        };
        let wait = places.wait(self.interval, burst, now);
        if !wait.is_zero() {
            return Err(wait);
        }
        places.take(self.interval, now);
        places.is_owed = false;
        Ok(())
    }

    /// The next place, if it is due and nobody waits for one.
    fn in_turn_at_once(&self, now: Instant) -> bool {
        self.queue.try_lock().is_ok() && self.next(now).is_ok()
    }

    /// Waits for the next place. Nothing is set aside for who waits: it may be gone before it is its turn.
    async fn in_turn(&self) {
        let _turn = self.queue.lock().await;
        let _waiting = Waiting::on(self);
        while let Err(wait) = self.next(Instant::now()) {
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.is_owed.notified() => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        headers
    }

    fn key(name: &str, text: &str, roles: &[Role]) -> ApiKey {
        ApiKey {
            name: name.into(),
            sha256: hash(text),
            roles: roles.to_vec(),
            articles_per_second: None,
        }
    }

    #[test]
    fn a_key_opens_what_its_roles_say() {
        let keys = Keys::new(&[
            key("desk", "cdk_1", &[Role::Classify]),
            key("watch", "cdk_2", &[Role::Observe]),
        ]);
        let admit = |headers: &HeaderMap, role| {
            let caller = keys.caller(headers)?;
            keys.admit(Ok(&caller), Some(role))?;
            Ok(caller.name().to_owned())
        };
        let desk = headers("authorization", "Bearer cdk_1");
        assert_eq!(admit(&desk, Role::Classify), Ok("desk".into()));
        assert_eq!(admit(&desk, Role::Observe), Err(NoAccess::WrongRole));
        let watch = headers("x-api-key", "cdk_2");
        assert_eq!(admit(&watch, Role::Observe), Ok("watch".into()));
        let other = headers("x-api-key", "cdk_3");
        assert_eq!(admit(&other, Role::Observe), Err(NoAccess::WrongKey));
        assert_eq!(
            admit(&HeaderMap::new(), Role::Classify),
            Err(NoAccess::NoKey)
        );
    }

    #[test]
    fn the_scheme_may_be_written_in_any_case() {
        for value in ["bearer cdk_1", "BEARER  cdk_1", "Bearer cdk_1"] {
            let headers = headers("authorization", value);
            assert_eq!(sent_key(&headers), Some("cdk_1"), "{value}");
        }
        for value in ["Basic cdk_1", "Bearercdk_1", "Bearer", "Bearer ", "cdk_1"] {
            let headers = headers("authorization", value);
            assert_eq!(sent_key(&headers), None, "{value}");
        }
    }

    #[test]
    fn a_header_with_nothing_in_it_is_no_key() {
        assert_eq!(sent_key(&headers(KEY_HEADER, "")), None);
        let mut both = headers(KEY_HEADER, "cdk_1");
        both.extend(headers("authorization", "Bearer  "));
        assert_eq!(sent_key(&both), Some("cdk_1"));
    }

    #[test]
    fn without_keys_everyone_may_call() {
        let keys = Keys::new(&[]);
        let nobody = keys.caller(&HeaderMap::new()).map(|_| ());
        assert_eq!(nobody, Err(NoAccess::NoKey));
        let admitted = keys.admit(Err(NoAccess::NoKey), Some(Role::Classify));
        assert_eq!(admitted, Ok(()));
    }

    #[test]
    fn a_rate_allows_a_second_at_once_and_then_one_by_one() {
        let rate = Rate::new(4);
        let mut now = Instant::now();
        for _ in 0..4 {
            assert_eq!(rate.at_once(now), Ok(()));
        }
        let wait = rate.at_once(now).unwrap_err();
        assert!(
            wait.abs_diff(Duration::from_millis(250)) < Duration::from_millis(1),
            "{wait:?}"
        );
        now += wait;
        assert_eq!(rate.at_once(now), Ok(()));
        assert!(rate.at_once(now).is_err());
    }

    /// The times of who does as it is told.
    #[tokio::test(start_paused = true)]
    async fn single_calls_and_a_batch_of_a_key_share_its_rate() {
        let rate = Rate::new(10);
        let batch = async {
            for _ in 0..100 {
                rate.in_turn().await;
            }
        };
        let mut n_answered = 0;
        let calls = async {
            loop {
                match rate.at_once(Instant::now()) {
                    Ok(()) => n_answered += 1,
                    Err(wait) => tokio::time::sleep(wait.max(Duration::from_millis(1))).await,
                }
            }
        };
        let begun = Instant::now();
        tokio::select! {
            () = batch => {}
            () = calls => {}
        }
        assert!((80..=120).contains(&n_answered), "{n_answered}");
        assert!(begun.elapsed() >= Duration::from_secs(17));
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_is_told_a_true_time_while_a_batch_goes_on() {
        let rate = Rate::new(10);
        let batch = async {
            loop {
                rate.in_turn().await;
            }
        };
        let calls = async {
            while rate.at_once(Instant::now()).is_ok() {
                tokio::task::yield_now().await;
            }
            let wait = rate.at_once(Instant::now()).unwrap_err();
            // A caller is never told less.
            tokio::time::sleep(wait.max(Duration::from_millis(1))).await;
            assert_eq!(rate.at_once(Instant::now()), Ok(()));
        };
        tokio::select! {
            () = batch => {}
            () = calls => {}
        }
    }

    #[tokio::test]
    async fn who_waits_and_goes_away_leaves_no_debt() {
        let rate = Rate::new(1);
        assert_eq!(rate.at_once(Instant::now()), Ok(()));
        let mut waiting: Vec<_> = (0..320).map(|_| Box::pin(rate.in_turn())).collect();
        for article in &mut waiting {
            assert!(article.now_or_never().is_none());
        }
        drop(waiting);
        let wait = rate.at_once(Instant::now()).unwrap_err();
        assert!(wait <= Duration::from_secs(1), "{wait:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_is_let_through_one_by_one() {
        let rate = Rate::new(100);
        let begun = Instant::now();
        for _ in 0..110 {
            rate.in_turn().await;
        }
        // A second's worth at once, and ten more.
        assert!(begun.elapsed() >= Duration::from_millis(99));
    }

    /// SHA-256 of "abc", of FIPS 180-2.
    #[test]
    fn the_hash_is_sha_256() {
        assert_eq!(hash("abc")[..4], [0xba, 0x78, 0x16, 0xbf]);
        assert_ne!(new_key(), new_key());
    }
}
