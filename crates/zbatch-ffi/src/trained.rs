//! Batches that train their own dictionary

use zbatch::{Decompressor, Partial, Trained};

use crate::apart::extent;
use crate::border::Call;
use crate::bytes::zbatch_view;
use crate::collection::zbatch_collection;
use crate::compress::zbatch_compressor_options;
use crate::decompress::{to_buffer, zbatch_decompressor_options};
use crate::dict::{zbatch_dict, zbatch_dict_train_options};
use crate::run::{Run, zbatch_run_options};
use crate::status::{zbatch_error, zbatch_status};

/// zbatch_multi_compress_trained() compresses 'count' items as
/// zbatch_multi_compress_to_buffer() does, with a dictionary that it trains on a
/// sample of them, for small items that are like each other.  'dict' receives
/// the dictionary, which decompression needs: store its bytes, once, beside the
/// frames.  Each of these names its ID, unless omit_dict_id is set.  Where a
/// dictionary would not pay, or a cancel came before it, 'dict' is NULL after
/// success or ZBATCH_PARTIAL, and frames need none.
///
/// 'options', 'train', 'run' and 'item_status' may be NULL.  The sample is
/// spread evenly over the batch: 16 times as many bytes as the dictionary may
/// have, of items of 1 byte to 64 KiB.  What is 0 in 'train' is chosen:
/// dict_size is 16 times the square root of the bytes that such items have in
/// all, 256 to 112640; k is twice the size of an average one, 64 to 512, d 8,
/// f 16, accel 2, and level that of 'options'.  It trains once, unless 'steps'
/// or 'split_point' are set.  'threads' must be 0 or 1.  A dict_id from 32768 to
/// 65535, for a program that gives each dictionary its own, makes each frame 2
/// bytes shorter than the default.
///
/// Then up to 512 items, spread likewise, are compressed with the dictionary
/// and without: it is used when the bytes that this saves, scaled to the whole
/// batch, are more than its own.  For a batch of no more items, and of at most
/// 256 KiB, this is exact, and the result is never larger than without; for
/// others it is an estimate.  Items of more than 64 KiB do not count in it.
///
/// Training runs on the calling thread.  Dictionary and frames depend on the
/// items and options alone.  A cancel is looked for before and after training;
/// progress and statistics count the batch only.
///
/// Errors: as zbatch_multi_compress_to_buffer().
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zbatch_multi_compress_trained(
    options: *const zbatch_compressor_options,
    train: *const zbatch_dict_train_options,
    views: *const zbatch_view,
    count: usize,
    run: *const zbatch_run_options,
    item_status: *mut zbatch_status,
    dict: *mut *mut zbatch_dict,
    out: *mut *mut zbatch_collection,
    error: *mut zbatch_error,
) -> zbatch_status {
    // SAFETY: STRUCTS THAT GROW, ARRAYS and OUTPUTS.
    let call = unsafe { Call::new() };
    let (dict, out) = (call.handle(dict), call.handle(out));
    let mut statuses = call.status_array(item_status, count);
    let run = Run::new(&call, run);
    let status = call.guard(error, || {
        let (dict, out, run) = (dict?, out?, run?);
        let params = call.options(options)?.to_core()?;
        let train = call.options(train)?.to_core();
        let items = call.items_apart(views, count, &[extent(item_status, count)], &[extent(views, count)])?;
        let run = run.options();
        let Partial { value: Trained { frames, dict: trained }, error } = statuses.batch(
            || zbatch::multi_compress_trained(&items, &params, &train, &run),
            |statuses| zbatch::multi_compress_trained_partial(&items, &params, &train, &run, statuses),
        )?;
        out.hand_out_with(zbatch_collection::new(frames), dict, trained.map(|core| zbatch_dict { core }))?;
        Ok(error)
    });
    statuses.settle(status)
}

/// zbatch_multi_decompress_trained() decompresses 'count' items that
/// zbatch_multi_compress_trained() made, or any others that need 'dict' or no
/// dictionary, as zbatch_multi_decompress_to_buffer() does.  'dict' and
/// 'options' may be NULL.
///
/// A program that decompresses many batches with one dictionary makes a
/// decompressor, whose contexts are kept from call to call.
///
/// Errors: as zbatch_multi_decompress_to_buffer().
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zbatch_multi_decompress_trained(
    dict: *const zbatch_dict,
    options: *const zbatch_decompressor_options,
    views: *const zbatch_view,
    count: usize,
    sizes: *const u64,
    run: *const zbatch_run_options,
    item_status: *mut zbatch_status,
    out: *mut *mut zbatch_collection,
    error: *mut zbatch_error,
) -> zbatch_status {
    // SAFETY: STRUCTS THAT GROW, OWNERSHIP, ARRAYS and OUTPUTS.
    let call = unsafe { Call::new() };
    let decompressor = || {
        let params = call.options(options)?.to_core()?;
        let dict = call.optional(dict)?.map(|dict| &dict.core);
        Decompressor::new(&params, dict)
    };
    to_buffer(&call, decompressor, views, count, sizes, run, item_status, out, error)
}
