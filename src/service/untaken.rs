//! Answers that nobody takes. A connection asks an answer for nothing while its client does not read, and no timer
//! within the answer is looked at meanwhile. So there is one around whatever asks: a call's own task with HTTP/2, whose
//! end resets that call alone, and the connection with HTTP/1.

use std::cell::Cell;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::rt::Executor;
use tokio::time::{Instant, Sleep};

thread_local! {
    /// By when the answer that is being asked here has to be asked again.
    static DUE: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Of an answer that is being asked: by when it has to be asked again, if it has.
pub(super) fn due(at: Option<Instant>) {
    DUE.set(at);
}

/// What asks answers, which is dropped when one is not asked again in time.
pub(super) struct Untaken<F> {
    asking: Pin<Box<F>>,
    due: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl<F: Future> Untaken<F> {
    pub(super) fn new(asking: F) -> Self {
        Self {
            asking: Box::pin(asking),
            due: None,
            timer: None,
        }
    }

    /// What asks.
    pub(super) fn asking(&mut self) -> Pin<&mut F> {
        self.asking.as_mut()
    }
}

impl<F: Future> Future for Untaken<F> {
    /// `None` if time was over.
    type Output = Option<F::Output>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        DUE.set(this.due);
        let asked = this.asking.as_mut().poll(context);
        this.due = DUE.take();
        if let Poll::Ready(output) = asked {
            return Poll::Ready(Some(output));
        }
        let Some(due) = this.due else {
            return Poll::Pending;
        };
        let new = || Box::pin(tokio::time::sleep_until(due));
        let timer = this.timer.get_or_insert_with(new);
        if timer.deadline() != due {
            timer.as_mut().reset(due);
        }
        timer.as_mut().poll(context).map(|()| None)
    }
}

/// Gives each call of a connection with HTTP/2 a task.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tasks;

impl<F> Executor<F> for Tasks
where
    F: Future<Output: Send> + Send + 'static,
{
    fn execute(&self, call: F) {
        tokio::spawn(Untaken::new(call));
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::time::Duration;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(7);

    #[tokio::test(start_paused = true)]
    async fn what_is_not_asked_again_is_dropped_when_it_is_due() {
        let begun = Instant::now();
        let asking = poll_fn(|_| {
            due(Some(begun + PATIENCE));
            Poll::<()>::Pending
        });
        assert_eq!(Untaken::new(asking).await, None);
        assert!(begun.elapsed() >= PATIENCE);
    }

    #[tokio::test(start_paused = true)]
    async fn what_has_nothing_to_hand_over_is_waited_for() {
        let mut work = Box::pin(tokio::time::sleep(100 * PATIENCE));
        let mut is_first = true;
        let asking = poll_fn(|context| {
            // A piece was handed over, and the next is not there.
            due(Some(Instant::now() + PATIENCE).filter(|_| is_first));
            if std::mem::take(&mut is_first) {
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            work.as_mut().poll(context)
        });
        assert_eq!(Untaken::new(asking).await, Some(()));
    }
}
