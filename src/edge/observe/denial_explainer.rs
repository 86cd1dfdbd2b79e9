//! The thread that explains denials: one search at a time, a short queue behind it, and beyond that the answer that nobody
//! searches. No request waits for it, and no number of denials makes it more than one thread and a few requests kept.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use std::{fmt, io, thread};

use tokio::sync::oneshot;

use super::known_paths;
use super::recent_requests::Recorder;
use crate::distribution::Distributions;
use crate::explain::{Budget, Diagnosis, Explanation, MAX_CANDIDATES, Mistake, OwnedRequest};
use crate::redact::redacted;

/// The running thread. It ends with this, after [`Explainer::stop`].
#[derive(Debug)]
pub struct Explainer(Arc<Queue>);

/// What is to be explained, by the configuration that it was judged by.
#[derive(Debug)]
pub struct Question {
    /// The request.
    pub inquiry: OwnedRequest,
    /// Whatever a reload has put in its place since.
    pub distributions: Arc<Distributions>,
}

/// What became of a question.
pub type Answer = Result<Explanation, NotExplained>;

/// Why there is no explanation, in the words of the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotExplained {
    /// Others wait already.
    #[error("not searched, busy")]
    Busy,
    /// The process ends.
    #[error("not searched, stopping")]
    Stopping,
    /// A fault of the search, which the log on stderr has.
    #[error("not explained: the search failed")]
    Failed,
}

/// An answer in one sentence that holds nothing that opens a door.
#[must_use]
pub fn sentence(answer: &Answer) -> String {
    let sentence = match answer {
        Ok(explanation) => explanation.sentence().map(|sentence| sentence + &signed_for(explanation)),
        Err(why) => Some(why.to_string()),
    };
    // Whoever was denied isn't allowed on a second look, so this is the search's fault.
    let sentence = sentence.unwrap_or_else(|| NotExplained::Failed.to_string());
    redacted(&sentence).into_owned()
}

/// Where a link works that came to another address than it was signed for: what the one who reads the log opens instead.
fn signed_for(explanation: &Explanation) -> String {
    let causes = explanation.causes();
    let is_address =
        |cause: &&&Diagnosis| matches!(cause.mistake, Mistake::Scheme | Mistake::Host | Mistake::Port);
    let signed = causes.first().filter(is_address).and_then(|cause| cause.signed.as_deref());
    let signed = signed.filter(|signed| signed.contains("://") && signed.len() <= MAX_SIGNED);
    signed.map(|signed| format!("; it was signed for {signed}")).unwrap_or_default()
}

impl Explainer {
    /// Begins to wait for questions. Paths that the recorder holds are tried as what may have been signed.
    ///
    /// # Errors
    /// When no thread can be made.
    pub fn start(recorder: Option<Arc<Recorder>>) -> io::Result<Self> {
        Self::searching_by(move |question, is_out_of_time| {
            let effort = Budget { candidates: MAX_CANDIDATES, is_out_of_time };
            let mut inquiry = question.inquiry.clone();
            inquiry.surroundings.known_paths =
                known_paths::near(&inquiry, &question.distributions, recorder.as_deref());
            Ok(inquiry.explain(&question.distributions, &effort))
        })
    }

    fn searching_by(search: impl Search) -> io::Result<Self> {
        let queue: Arc<Queue> = Arc::default();
        let served = Arc::clone(&queue);
        thread::Builder::new().name("explain".to_owned()).spawn(move || {
            give_way();
            served.serve(search);
        })?;
        Ok(Self(queue))
    }

    /// A denial, of which somebody is told later, mostly on the search's thread; at once, on this one, where it isn't
    /// searched.
    pub fn denied(&self, question: Question, tell: impl FnOnce(Answer) + Send + 'static) {
        self.0.push(Job { question, time: DENIAL_TIME, tell: Box::new(tell) }, false);
    }

    /// A question of somebody who waits for the answer; it is searched before denials are.
    pub async fn asked(&self, question: Question) -> Answer {
        let (answer, answered) = oneshot::channel();
        // Whoever has gone misses it.
        let tell = Box::new(|found| drop(answer.send(found)));
        self.0.push(Job { question, time: QUESTION_TIME, tell }, true);
        answered.await.unwrap_or(Err(NotExplained::Failed))
    }

    /// Takes no more questions and searches those that it has, for [`STOP_TIME`] at the most. What is left then is answered
    /// without a search.
    pub fn stop(&self) {
        self.0.stop(STOP_TIME);
    }
}

impl Drop for Explainer {
    fn drop(&mut self) {
        self.stop();
    }
}

trait Search: Fn(&Question, &dyn Fn() -> bool) -> Answer + Send + 'static {}
impl<F: Fn(&Question, &dyn Fn() -> bool) -> Answer + Send + 'static> Search for F {}

struct Job {
    question: Question,
    /// How long its search may take.
    time: Duration,
    tell: Box<dyn FnOnce(Answer) + Send>,
}

/// What waits.
#[derive(Default)]
struct Queue {
    waiting: Mutex<SearchQueue>,
    changed: Condvar,
    /// The time to stop in is over. Read by the search that runs; set under the lock.
    is_stopping: AtomicBool,
}

#[derive(Default)]
struct SearchQueue {
    questions: VecDeque<Job>,
    denials: VecDeque<Job>,
    is_searching: bool,
    /// Nothing more is taken: the process ends.
    is_closed: bool,
}

impl SearchQueue {
    fn is_busy(&self) -> bool {
        self.is_searching || !self.questions.is_empty() || !self.denials.is_empty()
    }
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Queue(…)")
    }
}

impl Job {
    /// Tells the answer. Whatever happens there, the thread goes on.
    fn answer(self, answer: Answer) {
        let tell = self.tell;
        if catch_unwind(AssertUnwindSafe(|| tell(answer))).is_err() {
            tracing::error!("reporting the cause of a denial failed");
        }
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, SearchQueue> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::Relaxed)
    }

    fn push(&self, job: Job, is_asked: bool) {
        let mut waiting = self.lock();
        if waiting.is_closed {
            drop(waiting);
            return job.answer(Err(NotExplained::Stopping));
        }
        let (line, most) = match is_asked {
            true => (&mut waiting.questions, MAX_QUESTIONS),
            false => (&mut waiting.denials, MAX_DENIALS),
        };
        if line.len() >= most {
            drop(waiting);
            return job.answer(Err(NotExplained::Busy));
        }
        line.push_back(job);
        drop(waiting);
        self.changed.notify_all();
    }

    /// The next one, once there is one; none at the end.
    fn next(&self) -> Option<Job> {
        let mut waiting = self.lock();
        waiting.is_searching = false;
        self.changed.notify_all();
        loop {
            if let Some(job) = waiting.questions.pop_front().or_else(|| waiting.denials.pop_front()) {
                waiting.is_searching = true;
                return Some(job);
            }
            if waiting.is_closed {
                return None;
            }
            waiting = self.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn serve(&self, search: impl Search) {
        while let Some(job) = self.next() {
            let deadline = Instant::now() + job.time;
            let is_out_of_time = || self.is_stopping() || Instant::now() >= deadline;
            let found = catch_unwind(AssertUnwindSafe(|| search(&job.question, &is_out_of_time)));
            let answer = found.unwrap_or_else(|_| {
                tracing::error!(
                    inquiry = ?job.question.inquiry,
                    "the search for the cause of a denial failed; please report it"
                );
                Err(NotExplained::Failed)
            });
            job.answer(answer);
        }
    }

    fn stop(&self, limit: Duration) {
        let mut waiting = self.lock();
        waiting.is_closed = true;
        self.changed.notify_all();
        waiting = self.while_busy(waiting, limit);
        self.is_stopping.store(true, Ordering::Relaxed);
        let left = std::mem::take(&mut waiting.questions).into_iter();
        let left: Vec<Job> = left.chain(std::mem::take(&mut waiting.denials)).collect();
        drop(waiting);
        for job in left {
            job.answer(Err(NotExplained::Stopping));
        }
        drop(self.while_busy(self.lock(), STUBBORN_TIME));
    }

    /// Waits until nothing is searched and nothing waits, or the limit is over.
    fn while_busy<'w>(
        &self,
        waiting: MutexGuard<'w, SearchQueue>,
        limit: Duration,
    ) -> MutexGuard<'w, SearchQueue> {
        let waited = self.changed.wait_timeout_while(waiting, limit, |waiting| waiting.is_busy());
        waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

/// Requests come first where cores are scarce.
#[cfg(target_os = "linux")]
fn give_way() {
    // On Linux a thread has a priority of its own.
    if let Err(error) = rustix::process::nice(NICENESS) {
        tracing::debug!(%error, "lowering the priority of the denial search failed");
    }
}

#[cfg(not(target_os = "linux"))]
fn give_way() {}

/// Denials that may wait: at the most a second of searches, and in memory no more than as many heads of requests.
const MAX_DENIALS: usize = 16;
/// Questions that may wait, apart from denials, so that a flood of these doesn't keep out whoever looks into it.
const MAX_QUESTIONS: usize = 4;
/// For a denial: the space of a link signed with RSA is searched within it on one core.
const DENIAL_TIME: Duration = Duration::from_millis(50);
/// For whoever waits for an answer, who doesn't notice it; ECDSA, where every candidate is a verification, gets further.
const QUESTION_TIME: Duration = Duration::from_millis(250);
/// For the denials that are known when the process stops: a full queue on a busy core.
const STOP_TIME: Duration = Duration::from_secs(3);
/// The end of the process is not held up by a search that doesn't look at its clock.
const STUBBORN_TIME: Duration = Duration::from_millis(100);
/// Half of what a thread can give way.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

/// Bytes of a URL that stands in a line of the log.
const MAX_SIGNED: usize = 200;

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::epoch::EpochSeconds;

    const PATIENCE: Duration = Duration::from_secs(10);

    fn question(url: &str) -> Question {
        let (inquiry, _) = OwnedRequest::of_url(url, EpochSeconds(1_000)).unwrap();
        Question { inquiry, distributions: Arc::default() }
    }

    /// One whose search waits until it is told to go on, or is out of time.
    fn held() -> (Explainer, mpsc::Receiver<()>, mpsc::Sender<()>) {
        let (begun, has_begun) = mpsc::channel();
        let (go, may_go) = mpsc::channel();
        let may_go = Mutex::new(may_go);
        let explainer = Explainer::searching_by(move |_, _| {
            begun.send(()).unwrap();
            let _ = may_go.lock().unwrap().recv_timeout(PATIENCE);
            Err(NotExplained::Failed)
        });
        (explainer.unwrap(), has_begun, go)
    }

    fn deny(explainer: &Explainer, answers: &mpsc::Sender<Answer>) {
        let answers = answers.clone();
        explainer.denied(question("http://a.example.com/x"), move |answer| answers.send(answer).unwrap());
    }

    #[test]
    fn a_denial_is_answered_by_the_search() {
        let (answers, answered) = mpsc::channel();
        let explainer = Explainer::start(None).unwrap();
        deny(&explainer, &answers);
        let answer = answered.recv_timeout(PATIENCE).unwrap();
        assert!(sentence(&answer).contains("a.example.com"), "{answer:?}");
    }

    #[test]
    fn what_finds_the_queue_full_is_answered_at_once_and_the_rest_in_turn() {
        let (explainer, has_begun, go) = held();
        let (answers, answered) = mpsc::channel();
        deny(&explainer, &answers);
        has_begun.recv_timeout(PATIENCE).unwrap();
        for _ in 0..MAX_DENIALS + 7 {
            deny(&explainer, &answers);
        }
        let busy: Vec<Answer> = answered.try_iter().collect();
        assert_eq!(busy.len(), 7);
        assert!(busy.iter().all(|answer| sentence(answer) == "not searched, busy"));
        for _ in 0..=MAX_DENIALS {
            go.send(()).unwrap();
            assert_eq!(answered.recv_timeout(PATIENCE).unwrap().map(|_| ()), Err(NotExplained::Failed));
        }
        assert!(answered.try_recv().is_err());
    }

    #[tokio::test]
    async fn who_waits_for_an_answer_is_served_before_denials_and_beside_a_full_queue() {
        let (explainer, has_begun, go) = held();
        let (answers, answered) = mpsc::channel();
        for _ in 0..=MAX_DENIALS {
            deny(&explainer, &answers);
        }
        has_begun.recv_timeout(PATIENCE).unwrap();
        let asking = explainer.asked(question("http://a.example.com/y"));
        tokio::pin!(asking);
        let first = std::future::poll_fn(|cx| std::task::Poll::Ready(asking.as_mut().poll(cx))).await;
        assert!(first.is_pending());
        // The denial that is being searched, and then the question.
        go.send(()).unwrap();
        go.send(()).unwrap();
        assert!(asking.await.is_err());
        assert!(answered.try_iter().count() <= 2);
        drop(go);
    }

    #[test]
    fn a_search_that_panics_is_told_and_is_not_the_end_of_the_thread() {
        let explainer = Explainer::searching_by(|_, _| panic!("on purpose")).unwrap();
        let (answers, answered) = mpsc::channel();
        for _ in 0..2 {
            deny(&explainer, &answers);
            let answer = answered.recv_timeout(PATIENCE).unwrap();
            assert_eq!(sentence(&answer), "not explained: the search failed");
        }
    }

    #[test]
    fn at_the_end_everything_that_waits_is_answered_and_a_stubborn_search_is_left_alone() {
        let (explainer, has_begun, _go) = held();
        let (answers, answered) = mpsc::channel();
        deny(&explainer, &answers);
        has_begun.recv_timeout(PATIENCE).unwrap();
        deny(&explainer, &answers);
        deny(&explainer, &answers);
        let begun = Instant::now();
        explainer.0.stop(Duration::from_millis(20));
        assert!(begun.elapsed() < PATIENCE / 2);
        deny(&explainer, &answers);
        let told: Vec<String> = answered.try_iter().map(|answer| sentence(&answer)).collect();
        assert_eq!(told, ["not searched, stopping"; 3]);
    }

    #[test]
    fn denials_that_are_known_when_the_process_stops_are_searched() {
        let (begun, has_begun) = mpsc::channel();
        let explainer = Explainer::searching_by(move |_, _| {
            begun.send(()).unwrap();
            thread::sleep(Duration::from_millis(50));
            Err(NotExplained::Failed)
        });
        let explainer = explainer.unwrap();
        let (answers, answered) = mpsc::channel();
        for _ in 0..4 {
            deny(&explainer, &answers);
        }
        has_begun.recv_timeout(PATIENCE).unwrap();
        explainer.0.stop(PATIENCE);
        let found: Vec<Answer> = answered.try_iter().collect();
        assert!(
            found.len() == 4 && found.iter().all(|one| matches!(one, Err(NotExplained::Failed))),
            "{found:?}"
        );
    }

    #[test]
    fn a_search_that_runs_learns_of_the_end_and_is_answered() {
        let (begun, has_begun) = mpsc::channel();
        let explainer = Explainer::searching_by(move |_, is_out_of_time| {
            begun.send(()).unwrap();
            while !is_out_of_time() {
                thread::yield_now();
            }
            Err(NotExplained::Failed)
        });
        let explainer = explainer.unwrap();
        let (answers, answered) = mpsc::channel();
        deny(&explainer, &answers);
        has_begun.recv_timeout(PATIENCE).unwrap();
        explainer.stop();
        assert!(answered.recv_timeout(PATIENCE).is_ok());
    }
}
