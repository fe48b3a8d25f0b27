//! How long a call may take: the caller's `grpc-timeout`, and an end for streams that reach it.

use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, BoxStream, Stream, StreamExt};
use http::HeaderMap;
use tokio::time::Instant;
use tonic::Status;

use super::call::Call;
use super::status;

const HEADER: &str = "grpc-timeout";
const MAX_DIGITS: usize = 8;
/// A deadline further away than a year is none, and might not fit into the clock.
const FAR_AWAY: Duration = Duration::from_secs(365 * 24 * 3_600);

/// A header that gives no time.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{HEADER} is no timeout; send up to 8 digits and one of H, M, S, m, u, n, such as 250m")]
pub(super) struct BadTimeout;

/// The time that a caller gives for its call; `None` if it gives none.
pub(super) fn timeout(headers: &HeaderMap) -> Result<Option<Duration>, BadTimeout> {
    let Some(value) = headers.get(HEADER) else {
        return Ok(None);
    };
    let text = value.to_str().map_err(|_| BadTimeout)?;
    parse(text).map(Some)
}

fn parse(text: &str) -> Result<Duration, BadTimeout> {
    let unit_at = text.len().checked_sub(1).ok_or(BadTimeout)?;
    let (digits, unit) = text.split_at_checked(unit_at).ok_or(BadTimeout)?;
    if digits.len() > MAX_DIGITS || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(BadTimeout);
    }
    let amount: u64 = digits.parse().map_err(|_| BadTimeout)?;
    match unit {
        "H" => Ok(Duration::from_secs(3_600 * amount)),
        "M" => Ok(Duration::from_secs(60 * amount)),
        "S" => Ok(Duration::from_secs(amount)),
        "m" => Ok(Duration::from_millis(amount)),
        "u" => Ok(Duration::from_micros(amount)),
        "n" => Ok(Duration::from_nanos(amount)),
        _ => Err(BadTimeout),
    }
}

/// When a call with so much time has to be over.
pub(super) fn from_now(timeout: Option<Duration>) -> Option<Instant> {
    timeout
        .filter(|timeout| *timeout < FAR_AWAY)
        .map(|timeout| Instant::now() + timeout)
}

/// Whether the deadline is over.
pub(super) fn has_passed(deadline: Option<Instant>) -> bool {
    deadline.is_some_and(|deadline| deadline <= Instant::now())
}

/// The results of a call until its deadline, which ends them with DEADLINE_EXCEEDED. What was not
/// answered by then is dropped.
pub(super) fn until<T: Send + 'static>(
    results: impl Stream<Item = Result<T, Status>> + Send + 'static,
    call: Arc<Call>,
) -> BoxStream<'static, Result<T, Status>> {
    let Some(deadline) = call.deadline else {
        return results.boxed();
    };
    let end = Box::pin(tokio::time::sleep_until(deadline));
    let open = Some((results.boxed(), end, call));
    stream::unfold(open, |open| async move {
        let (mut results, mut end, call) = open?;
        let next = tokio::select! {
            biased;
            () = &mut end => None,
            next = results.next() => Some(next?),
        };
        // The timer is late by up to a millisecond; an article may have been refused for the
        // deadline meanwhile, and the call would tell of it twice.
        match next.filter(|_| !call.is_over()) {
            Some(result) => Some((result, Some((results, end, call)))),
            None => {
                call.refuse_unanswered();
                Some((Err(status::deadline_exceeded()), None))
            }
        }
    })
    .boxed()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Of the protocol's description, "Timeout → 1*8DIGIT TimeoutUnit".
    #[test]
    fn timeouts_are_read_as_the_protocol_says() {
        assert_eq!(parse("1H"), Ok(Duration::from_secs(3_600)));
        assert_eq!(parse("2M"), Ok(Duration::from_secs(120)));
        assert_eq!(parse("3S"), Ok(Duration::from_secs(3)));
        assert_eq!(parse("100m"), Ok(Duration::from_millis(100)));
        assert_eq!(parse("5u"), Ok(Duration::from_micros(5)));
        assert_eq!(parse("99999999n"), Ok(Duration::from_nanos(99_999_999)));
        for wrong in ["", "S", "1", "1s", "100000000m", "-1S", "+1S", "1 S", "1é"] {
            assert_eq!(parse(wrong), Err(BadTimeout), "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn no_timeout_panics(text in ".{0,12}") {
            if let Ok(timeout) = parse(&text) {
                from_now(Some(timeout));
            }
        }
    }
}
