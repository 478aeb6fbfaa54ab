//! The views and spans of a batch: what its items are, and the caller's memory for them.

use std::slice;
use std::sync::atomic::{AtomicUsize, Ordering};

use zbatch::{Error, Items};

use super::{Call, check, try_with_capacity};
use crate::apart::{Extent, check_outputs, check_spans, check_spans_beside};
use crate::bytes::{zbatch_span, zbatch_view};

impl Call {
    /// The items of a batch.
    pub(crate) fn items(&self, views: *const zbatch_view, count: usize) -> Result<Views<'_>, Error> {
        let views = self.slice(views, count)?;
        for (i, view) in views.iter().enumerate() {
            check_view(view).map_err(|e| e.with_item(i))?;
        }
        Ok(Views(views))
    }

    /// The items of a batch, apart from its outputs, which are apart from these arrays too.
    pub(crate) fn items_apart(
        &self,
        views: *const zbatch_view,
        count: usize,
        outputs: &[Extent],
        read: &[Extent],
    ) -> Result<Views<'_>, Error> {
        let items = self.items(views, count)?;
        check_outputs(&items, outputs, read)?;
        Ok(items)
    }

    /// Items that are checked when they are looked at.
    pub(crate) fn some_items(&self, views: *const zbatch_view, count: usize) -> Result<SomeViews<'_>, Error> {
        Ok(SomeViews { views: Views(self.slice(views, count)?), refused: AtomicUsize::new(usize::MAX) })
    }

    /// The caller's memory for the items of a batch, apart from each other, from the items, and from these arrays.
    pub(crate) fn spans(
        &self,
        items: &Views<'_>,
        spans: *const zbatch_span,
        arrays: &[Extent],
    ) -> Result<Vec<&mut [u8]>, Error> {
        let spans = self.slice(spans, items.len())?;
        for (i, span) in spans.iter().enumerate() {
            if span.size != 0 {
                check(span.data.cast::<u8>(), span.size).map_err(|e| e.with_item(i))?;
            }
        }
        check_spans_beside(spans, arrays)?;
        check_spans(items, spans)?;
        let mut memory = try_with_capacity(spans.len())?;
        for span in spans {
            memory.push(self.dst(span.data, span.size)?);
        }
        Ok(memory)
    }
}

/// Views that were checked, as the items of a batch.
pub(crate) struct Views<'c>(&'c [zbatch_view]);

impl Items for Views<'_> {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn get(&self, i: usize) -> &[u8] {
        let view = &self.0[i];
        if view.size == 0 {
            return &[];
        }
        // SAFETY: zbatch_view: "'size' bytes at 'data'", checked by `check_view`.
        unsafe { slice::from_raw_parts(view.data.cast(), view.size) }
    }
}

/// Views of which not all are looked at. One that cannot be is an item of no bytes, and known by its index.
pub(crate) struct SomeViews<'c> {
    views: Views<'c>,
    refused: AtomicUsize,
}

impl SomeViews<'_> {
    /// The error of the lowest view that was refused.
    pub(crate) fn verdict(&self) -> Result<(), Error> {
        let item = self.refused.load(Ordering::Relaxed);
        self.views.0.get(item).map_or(Ok(()), |view| check_view(view).map_err(|e| e.with_item(item)))
    }
}

impl Items for SomeViews<'_> {
    fn len(&self) -> usize {
        self.views.len()
    }

    fn get(&self, i: usize) -> &[u8] {
        if check_view(&self.views.0[i]).is_err() {
            self.refused.fetch_min(i, Ordering::Relaxed);
            return &[];
        }
        self.views.get(i)
    }
}

/// Refuses bytes that cannot be.
fn check_view(view: &zbatch_view) -> Result<(), Error> {
    if view.size == 0 { Ok(()) } else { check(view.data.cast::<u8>(), view.size) }
}
