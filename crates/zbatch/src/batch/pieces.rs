//! An item so large that several workers share it. Its pieces are chunks of the queue like all others, and yet it is one item: it
//! counts once, when every piece is good. If one is not, or the batch ends before it, what the pieces made is dropped and the
//! item is run again as a whole, which then says what is wrong in the words, and with the counts, of any other item.

use super::Job;
use crate::control::{Control, Tally};
use crate::error::Result;
use crate::memory::{Memory, reserved};
use std::sync::atomic::Ordering::{AcqRel, Relaxed};
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What the workers on the pieces of one item have in common.
pub(super) struct Shared {
    pub(super) item: usize,
    bytes: usize,
    left: AtomicUsize,
    failed: AtomicBool,
}

impl Shared {
    /// For an item of `bytes` input bytes in so many pieces.
    pub(super) fn new(item: usize, bytes: usize, pieces: usize) -> Self {
        Self { item, bytes, left: AtomicUsize::new(pieces), failed: AtomicBool::new(false) }
    }

    /// Runs `codec` on one piece, unless it would be in vain. Returns whether the item is now complete.
    pub(super) fn piece(&self, job: &Job<'_>, tally: &mut Tally, codec: impl FnOnce(&mut Tally) -> Result<()>) -> bool {
        let (run, failed) = (job.run, || self.failed.store(true, Relaxed));
        if !self.is_good() || job.is_over_before(self.item) {
            failed();
        } else {
            let running = run.control.map(Control::enter_piece);
            codec(tally).unwrap_or_else(|_| failed());
            drop(running);
        }
        // Whoever is the last sees what the others stored.
        if self.left.fetch_sub(1, AcqRel) > 1 || !self.is_good() {
            return false;
        }
        drop(run.control.map(|control| control.enter(self.bytes)));
        tally.items += 1;
        tally.bytes_in += self.bytes as u64;
        true
    }

    /// Whether no piece has come to nothing so far.
    pub(super) fn is_good(&self) -> bool {
        !self.failed.load(Relaxed)
    }
}

/// The frames of one item's pieces, made by any workers in any order, and brought back to back into one buffer.
///
/// A worker whose piece is the next makes its frame in place; the others make theirs aside, and whoever is done moves up what
/// is next by then. So one thread moves nothing, and beside the buffer, of which no more is touched than frames lie in, there
/// are only the frames that came early: copies, for a frame can be far smaller than the room that it was made in.
pub(super) struct Joined {
    room: usize,
    state: Mutex<State>,
}

struct State {
    /// The piece whose frame goes to the `end` of the buffer.
    next: usize,
    end: usize,
    /// `None` while somebody writes to it.
    buffer: Option<Memory>,
    early: Vec<Option<Memory>>,
}

impl Joined {
    /// For the frames of so many pieces, which have `room` bytes together at most.
    pub(super) fn new(pieces: usize, room: usize) -> Result<Self> {
        let (buffer, mut early) = (Some(Memory::empty()), reserved(pieces)?);
        early.resize_with(pieces, || None);
        Ok(Self { room, state: Mutex::new(State { next: 0, end: 0, buffer, early }) })
    }

    /// Has the frame of piece `piece` made, which has `bound` bytes at most. `aside` is the worker's, to make it in if need be.
    pub(super) fn add(
        &self,
        piece: usize,
        bound: usize,
        aside: &mut Memory,
        make: impl FnOnce(&mut [u8]) -> Result<usize>,
    ) -> Result<()> {
        // Statements of their own: the lock is not held while a frame is made or moved.
        let next = self.state().begin(piece);
        if let Some((mut buffer, end)) = next {
            if buffer.is_empty() {
                buffer = Memory::new(self.room)?;
            }
            let size = make(&mut buffer[end..])?;
            self.state().put_back(buffer, size);
        } else {
            if aside.len() < bound {
                *aside = Memory::new(bound)?;
            }
            let size = make(aside)?;
            let mut frame = Memory::new(size)?;
            frame.copy_from_slice(&aside[..size]);
            self.state().early[piece] = Some(frame);
        }
        loop {
            let next = self.state().move_up();
            let Some((mut buffer, end, frame)) = next else { return Ok(()) };
            if buffer.is_empty() {
                buffer = Memory::new(self.room)?;
            }
            buffer[end..end + frame.len()].copy_from_slice(&frame);
            self.state().put_back(buffer, frame.len());
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives back what the frames, all of which are in the buffer, left of it; returns their size.
    pub(super) fn settle(&self) -> usize {
        let mut state = self.state();
        let end = state.end;
        if let Some(buffer) = &mut state.buffer {
            buffer.truncate(end);
        }
        end
    }

    /// The frames, once they are settled.
    pub(super) fn finish(self) -> Memory {
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        state.buffer.unwrap_or(Memory::empty())
    }
}

impl State {
    /// The buffer to write to, and from where on, when `piece` is the next.
    fn begin(&mut self, piece: usize) -> Option<(Memory, usize)> {
        if piece != self.next {
            return None;
        }
        Some((self.buffer.take()?, self.end))
    }

    /// The same for the next piece when its frame was made aside.
    fn move_up(&mut self) -> Option<(Memory, usize, Memory)> {
        self.buffer.as_ref()?;
        let frame = self.early.get_mut(self.next)?.take()?;
        Some((self.buffer.take()?, self.end, frame))
    }

    fn put_back(&mut self, buffer: Memory, size: usize) {
        self.buffer = Some(buffer);
        self.end += size;
        self.next += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame is to have room for its bound behind those before it, wherever it is made.
    #[test]
    fn frames_made_in_any_order_are_joined_in_theirs() {
        const PIECES: usize = 4;
        let orders = [[0, 1, 2, 3], [3, 2, 1, 0], [1, 0, 3, 2], [2, 0, 3, 1]];
        for order in orders {
            let joined = Joined::new(PIECES, PIECES * 100).unwrap();
            let mut aside = Memory::empty();
            for piece in order {
                let value = u8::try_from(piece).unwrap();
                let fill = |place: &mut [u8]| {
                    assert!(place.len() >= 100);
                    place[..10 + piece].fill(value);
                    Ok(10 + piece)
                };
                joined.add(piece, 100, &mut aside, fill).unwrap();
            }
            let expected: Vec<u8> = (0..4u8).flat_map(|piece| vec![piece; 10 + usize::from(piece)]).collect();
            assert_eq!(joined.settle(), expected.len());
            assert_eq!(joined.finish()[..], expected, "{order:?}");
        }
    }

    #[test]
    fn while_a_piece_is_made_in_place_the_others_are_made_aside() {
        let joined = Joined::new(3, 300).unwrap();
        let (mut aside, mut other) = (Memory::empty(), Memory::empty());
        let byte = |value: u8| {
            move |place: &mut [u8]| {
                place[0] = value;
                Ok(1)
            }
        };
        let outer = |place: &mut [u8]| {
            joined.add(2, 100, &mut other, byte(2))?;
            joined.add(1, 100, &mut other, byte(1))?;
            byte(0)(place)
        };
        joined.add(0, 100, &mut aside, outer).unwrap();
        joined.settle();
        assert_eq!(joined.finish()[..], [0, 1, 2]);
    }
}
