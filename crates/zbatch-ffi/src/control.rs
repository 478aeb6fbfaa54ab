//! Progress and cancel

use zbatch::Control;

use crate::border::{Call, answer, take_back};
use crate::status::{zbatch_error, zbatch_status};

/// Progress of running batches, and the means to stop them.  Atomic: any thread
/// may call any function on it at any time, except to free it.
pub struct zbatch_control {
    pub(crate) core: Control,
}

/// zbatch_control_new() makes a control, to be named in the run options of one
/// batch call or of several: its counters add up over all of them.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zbatch_control_new(out: *mut *mut zbatch_control, error: *mut zbatch_error) -> zbatch_status {
    // SAFETY: OUTPUTS.
    let call = unsafe { Call::new() };
    call.hand_out(out, error, || Ok(zbatch_control { core: Control::new() }))
}

/// zbatch_control_cancel() asks every call that runs with this control, or will
/// until zbatch_control_reset(), to stop; it returns at once.  The calls finish
/// the items in work, of an item that threads share its frames in work, then
/// return ZBATCH_ERROR_CANCELLED; a call with an 'item_status' array delivers
/// what was done, marks the rest ZBATCH_ERROR_CANCELLED and returns
/// ZBATCH_PARTIAL.  An item that its headers refused before keeps its own
/// status, and a batch in which nothing was left to do, an empty one say, ends
/// as if nobody had cancelled it.  It may be called in a signal handler.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zbatch_control_cancel(control: *mut zbatch_control) {
    // SAFETY: OWNERSHIP.
    unsafe { answer(control, |control| control.core.cancel()) }
}

/// zbatch_control_reset() takes a cancel back and sets items_done and
/// bytes_done to 0, for the next batch.  Call it while no batch runs with this
/// control.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zbatch_control_reset(control: *mut zbatch_control) {
    // SAFETY: OWNERSHIP.
    unsafe { answer(control, |control| control.core.reset()) }
}

/// zbatch_control_items_done() returns the number of items done so far, failed
/// ones included, and those that headers or limits refused.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zbatch_control_items_done(control: *const zbatch_control) -> u64 {
    // SAFETY: OWNERSHIP.
    unsafe { answer(control, |control| control.core.items_done()) }
}

/// zbatch_control_bytes_done() returns the number of input bytes of those
/// items.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zbatch_control_bytes_done(control: *const zbatch_control) -> u64 {
    // SAFETY: OWNERSHIP.
    unsafe { answer(control, |control| control.core.bytes_done()) }
}

/// zbatch_control_items_running() returns the number of items that threads
/// work on at this moment; one that threads share counts for each of them.  In
/// the child of a fork() during a batch, the items of that moment count for
/// good: make another control there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zbatch_control_items_running(control: *const zbatch_control) -> u64 {
    // SAFETY: OWNERSHIP.
    unsafe { answer(control, |control| control.core.items_running()) }
}

/// zbatch_control_free() frees the handle.  Free it after every call that names
/// it has returned.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zbatch_control_free(control: *mut zbatch_control) {
    // SAFETY: OWNERSHIP.
    unsafe { take_back(control) }
}
