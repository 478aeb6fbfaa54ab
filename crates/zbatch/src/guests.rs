//! Other threads that may work on what a function borrows while it runs, and are not waited for before they begin.
//!
//! A scope, std's or rayon's, ends when every thread that it was promised has come and gone. A thread that sleeps, or whose CPU
//! is busy with something else, may come long after the work is done. So here each has an invitation: whoever accepts it in
//! time is inside and waited for, and who comes later finds the door shut.
#![expect(
    unsafe_code,
    reason = "a borrow is reached through a pointer while its owner waits; every other file calls `with`"
)]

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

struct Door {
    inside: Mutex<Inside>,
    /// A thread can be parked more simply, but has no handle of its own any more when its thread-local data is destroyed, and
    /// programs run batches there too.
    last_left: Condvar,
    /// What a guest does, and a function that takes it.
    work: *const (),
    call: unsafe fn(*const (), &dyn Fn() -> Invitation),
}

#[derive(Default)]
struct Inside {
    shut: bool,
    guests: usize,
    /// What the first guest that panicked panicked with.
    panic: Option<Box<dyn Any + Send>>,
}

impl Door {
    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// SAFETY: 'work' points to a value that is `Sync`, and is followed by guests inside alone, while `with` keeps the value alive.
unsafe impl Send for Door {}
// SAFETY: as above; everything else is `Sync` by itself.
unsafe impl Sync for Door {}

/// The right to work, once, beside the host, if that is not over.
pub(crate) struct Invitation(Arc<Door>);

impl Invitation {
    fn another(&self) -> Self {
        Self(Arc::clone(&self.0))
    }

    /// Works, unless it is too late.
    pub(crate) fn accept(self) {
        let door = &*self.0;
        let mut inside = door.inside();
        if inside.shut {
            return;
        }
        inside.guests += 1;
        drop(inside);
        // SAFETY: between entering and leaving `with` does not return, and so what 'work' points to, which 'call' is for, is alive.
        let done = catch_unwind(AssertUnwindSafe(|| unsafe { (door.call)(door.work, &|| self.another()) }));
        let mut inside = door.inside();
        inside.guests -= 1;
        let is_last = inside.shut && inside.guests == 0;
        if let Err(panic) = done {
            inside.panic.get_or_insert(panic);
        }
        drop(inside);
        if is_last {
            door.last_left.notify_one();
        }
    }
}

/// Calls `host` with a function that makes invitations: who accepts one runs `guest`, on a thread of its own, with such a
/// function too. Returns when the host has returned and no guest is inside any more; a panic of either is passed on.
pub(crate) fn with<G, R>(guest: &G, host: impl FnOnce(&dyn Fn() -> Invitation) -> R) -> R
where
    G: Fn(&dyn Fn() -> Invitation) + Sync,
{
    unsafe fn call<G: Fn(&dyn Fn() -> Invitation)>(guest: *const (), invite: &dyn Fn() -> Invitation) {
        // SAFETY: the pointer was made of a `G`, which the caller says is alive.
        let guest = unsafe { &*guest.cast::<G>() };
        guest(invite);
    }
    let door = Arc::new(Door {
        inside: Mutex::default(),
        last_left: Condvar::new(),
        work: (&raw const *guest).cast(),
        call: call::<G>,
    });
    let shuts_on_leaving = Shut(&door);
    let first = Invitation(Arc::clone(&door));
    let result = host(&|| first.another());
    drop(shuts_on_leaving);
    // Its own statement: the lock is not held while it unwinds.
    let panic = door.inside().panic.take();
    if let Some(panic) = panic {
        resume_unwind(panic);
    }
    result
}

/// Shuts the door and waits for who is inside, also when the host panicked.
struct Shut<'a>(&'a Door);

impl Drop for Shut<'_> {
    fn drop(&mut self) {
        let mut inside = self.0.inside();
        inside.shut = true;
        drop(self.0.last_left.wait_while(inside, |inside| inside.guests > 0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
    use std::thread;
    use std::time::Duration;

    #[test]
    fn who_comes_late_is_not_waited_for_and_does_nothing() {
        let visits = AtomicU32::new(0);
        let count = |_: &dyn Fn() -> Invitation| _ = visits.fetch_add(1, Relaxed);
        let late = with(&count, |invite| {
            invite().accept();
            invite()
        });
        assert_eq!(visits.load(Relaxed), 1);
        late.accept();
        assert_eq!(visits.load(Relaxed), 1);
    }

    #[test]
    fn who_is_inside_is_waited_for() {
        let (inside, done) = (Barrier::new(2), AtomicBool::new(false));
        let guest = |_: &dyn Fn() -> Invitation| {
            inside.wait();
            thread::sleep(Duration::from_millis(20));
            done.store(true, Relaxed);
        };
        let thread = with(&guest, |invite| {
            let invitation = invite();
            let thread = thread::spawn(|| invitation.accept());
            inside.wait();
            assert!(!done.load(Relaxed));
            thread
        });
        assert!(done.load(Relaxed));
        thread.join().unwrap();
    }

    #[test]
    fn guests_bring_guests() {
        let (visits, threads) = (AtomicU32::new(0), Mutex::new(Vec::new()));
        let guest = |invite: &dyn Fn() -> Invitation| {
            if visits.fetch_add(1, Relaxed) < 4 {
                let (one, other) = (invite(), invite());
                threads.lock().unwrap().push(thread::spawn(|| one.accept()));
                other.accept();
            }
        };
        with(&guest, |invite| invite().accept());
        assert!(visits.load(Relaxed) >= 5);
        threads.into_inner().unwrap().into_iter().for_each(|thread| thread.join().unwrap());
    }

    #[test]
    fn panics_are_passed_on_when_nobody_is_inside() {
        let (entered, inside) = (Barrier::new(2), AtomicU32::new(0));
        let guest = |_: &dyn Fn() -> Invitation| {
            inside.fetch_add(1, Relaxed);
            entered.wait();
            thread::sleep(Duration::from_millis(5));
            inside.fetch_sub(1, Relaxed);
            panic!("a guest's");
        };
        let text = |host: &dyn Fn(&dyn Fn() -> Invitation)| {
            let panic = catch_unwind(AssertUnwindSafe(|| with(&guest, host))).unwrap_err();
            assert_eq!(inside.load(Relaxed), 0);
            *panic.downcast::<&str>().unwrap()
        };
        let with_guest = |invite: &dyn Fn() -> Invitation| {
            let invitation = invite();
            thread::spawn(|| invitation.accept());
            entered.wait();
        };
        assert_eq!(text(&with_guest), "a guest's");
        let and_panics = |invite: &dyn Fn() -> Invitation| {
            with_guest(invite);
            panic!("the host's");
        };
        assert_eq!(text(&and_panics), "the host's");
    }

    /// Doors that shut while guests are about to enter: each either worked on what was alive or did nothing.
    #[test]
    fn nothing_is_touched_behind_a_shut_door() {
        const ALIVE: u64 = 0x5a5a_5a5a_5a5a_5a5a;
        const ROUNDS: u32 = 20_000;
        let (send, receive) = std::sync::mpsc::channel::<Invitation>();
        let guests = thread::spawn(move || receive.into_iter().for_each(Invitation::accept));
        let visits = AtomicU32::new(0);
        for round in 1..=ROUNDS {
            let mut value = Box::new(ALIVE);
            let look = |_: &dyn Fn() -> Invitation| {
                assert_eq!(*value, ALIVE);
                visits.fetch_add(1, Relaxed);
            };
            with(&look, |invite| {
                send.send(invite()).unwrap();
                (0..round % 64).for_each(|_| std::hint::spin_loop());
                while round == ROUNDS && visits.load(Relaxed) == 0 {
                    thread::yield_now();
                }
            });
            *value = 0;
        }
        drop(send);
        guests.join().unwrap();
        assert!((1..=ROUNDS).contains(&visits.into_inner()));
    }
}
