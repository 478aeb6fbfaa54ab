//! Memory of the caller's for results must be apart from all other: where it is not, two workers would write the same bytes,
//! or one those that another reads, or a segment the bytes that it tells of, and nothing would tell.

use std::ops::Range;

use zbatch::{Error, Items, Status};

use crate::border::try_with_capacity;
use crate::bytes::zbatch_span;

const SHARED: Error = Error::new(Status::InvalidArgument, "its destination overlaps that of another item");
const READ: Error = Error::new(Status::InvalidArgument, "an output overlaps its input");
const OUTPUTS: Error = Error::new(Status::InvalidArgument, "an output overlaps another one, or what the call reads");

/// Where an array of a call is, by its addresses.
pub(crate) type Extent = Range<usize>;

/// The extent of `count` elements; of NULL, nothing.
pub(crate) fn extent<T>(data: *const T, count: usize) -> Extent {
    let start = data.addr();
    let count = if data.is_null() { 0 } else { count };
    start..start.saturating_add(count.saturating_mul(size_of::<T>()))
}

fn meet(a: &Extent, b: &Extent) -> bool {
    a.start.max(b.start) < a.end.min(b.end)
}

/// A span by its addresses, and whose it is.
struct Place {
    bytes: Extent,
    item: usize,
}

/// Refuses spans that overlap each other or an input. Rows of an array lie in their order, and cost one look each.
pub(crate) fn check_spans<I: Items>(items: &I, spans: &[zbatch_span]) -> Result<(), Error> {
    let in_order = spans.iter().all(|span| span.size != 0)
        && spans.windows(2).all(|pair| addresses(&pair[0]).end <= addresses(&pair[1]).start);
    if in_order {
        return check_inputs(items, spans, addresses);
    }
    let mut places = try_with_capacity(spans.len())?;
    let filled = spans.iter().enumerate().filter(|(_, span)| span.size != 0);
    places.extend(filled.map(|(item, span)| Place { bytes: addresses(span), item }));
    places.sort_unstable_by_key(|place| (place.bytes.start, place.item));
    let overlapping = places.windows(2).filter(|pair| pair[0].bytes.end > pair[1].bytes.start);
    if let Some(item) = overlapping.map(|pair| pair[0].item.max(pair[1].item)).min() {
        return Err(SHARED.with_item(item));
    }
    check_inputs(items, &places, |place| place.bytes.clone())
}

/// Refuses a span that overlaps one of a few arrays.
pub(crate) fn check_spans_beside(spans: &[zbatch_span], arrays: &[Extent]) -> Result<(), Error> {
    let shared = |span: &zbatch_span| arrays.iter().any(|array| meet(array, &addresses(span)));
    match spans.iter().position(shared) {
        Some(item) => Err(OUTPUTS.with_item(item)),
        None => Ok(()),
    }
}

/// Refuses outputs that overlap each other, an array that is read, or an input.
pub(crate) fn check_outputs<I: Items>(items: &I, outputs: &[Extent], read: &[Extent]) -> Result<(), Error> {
    for (i, output) in outputs.iter().enumerate() {
        if outputs[..i].iter().chain(read).any(|other| meet(output, other)) {
            return Err(OUTPUTS);
        }
    }
    if outputs.iter().all(Range::is_empty) {
        return Ok(());
    }
    let overlaps = |item: &usize| {
        let input = of(items.get(*item));
        outputs.iter().any(|output| meet(output, &input))
    };
    match (0..items.len()).find(overlaps) {
        Some(item) => Err(READ.with_item(item)),
        None => Ok(()),
    }
}

/// `places` have bytes, lie in the order of their addresses and are apart.
fn check_inputs<I: Items, T>(items: &I, places: &[T], bytes: impl Fn(&T) -> Extent) -> Result<(), Error> {
    let (Some(first), Some(last)) = (places.first(), places.last()) else { return Ok(()) };
    let all = bytes(first).start..bytes(last).end;
    let overlaps = |item: usize| {
        let input = of(items.get(item));
        if input.is_empty() || input.end <= all.start || all.end <= input.start {
            return false;
        }
        let next = places.partition_point(|place| bytes(place).end <= input.start);
        places.get(next).is_some_and(|place| bytes(place).start < input.end)
    };
    match (0..items.len()).find(|&item| overlaps(item)) {
        Some(item) => Err(READ.with_item(item)),
        None => Ok(()),
    }
}

fn addresses(span: &zbatch_span) -> Extent {
    extent(span.data.cast::<u8>(), span.size)
}

fn of(bytes: &[u8]) -> Extent {
    extent(bytes.as_ptr(), bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ptr;

    fn span(start: usize, size: usize) -> zbatch_span {
        zbatch_span { data: ptr::without_provenance_mut(start), size }
    }

    #[test]
    fn overlaps_are_found_as_by_comparing_all_with_all() {
        let memory = [0; 16];
        let base = memory.as_ptr().addr();
        let mut number = 1_u32;
        let mut random = |below: usize| {
            number = number.wrapping_mul(1_103_515_245).wrapping_add(12345);
            (number >> 16) as usize % below
        };
        let mut seen = [0; 3];
        for _ in 0..20_000 {
            let spans: Vec<_> = (0..random(4)).map(|_| span(base + random(14), random(3))).collect();
            let inputs: Vec<_> =
                spans.iter().map(|_| (random(14), random(3))).map(|(at, size)| &memory[at..at + size]).collect();
            let meet = |a: &Range<usize>, b: &Range<usize>| {
                !a.is_empty() && !b.is_empty() && a.start < b.end && b.start < a.end
            };
            let places: Vec<_> = spans.iter().map(addresses).collect();
            let shared = (0..places.len()).any(|i| places[..i].iter().any(|other| meet(other, &places[i])));
            let read = inputs.iter().position(|input| places.iter().any(|place| meet(place, &of(input))));
            match check_spans(&inputs, &spans) {
                Ok(()) => assert!(!shared && read.is_none(), "{places:?}"),
                Err(error) if shared => {
                    let place = &places[error.item().unwrap()];
                    assert!(places.iter().filter(|other| meet(other, place)).count() > 1, "{places:?}");
                    assert_eq!(error, SHARED.with_item(error.item().unwrap()));
                }
                Err(error) => assert_eq!(Some(error), read.map(|item| READ.with_item(item)), "{places:?}"),
            }
            seen[if shared {
                0
            } else if read.is_some() {
                1
            } else {
                2
            }] += 1;
        }
        assert!(seen.iter().all(|&times| times > 1000), "{seen:?}");
    }

    #[test]
    fn outputs_are_held_against_each_other_and_all_that_is_read() {
        let memory = [0; 16];
        let inputs = [&memory[..4], &memory[8..12], &memory[9..9]];
        let base = memory.as_ptr().addr();
        let at = |start: usize, size: usize| base + start..base + start + size;
        for (outputs, verdict) in [
            ([at(4, 4), at(12, 1)], Ok(())),
            ([at(4, 4), at(7, 0)], Ok(())),
            ([at(0, 0), 0..0], Ok(())),
            ([at(4, 4), at(7, 1)], Err(OUTPUTS)),
            ([at(4, 4), at(14, 2)], Err(OUTPUTS)),
            ([at(4, 5), at(7, 0)], Err(READ.with_item(1))),
            ([at(12, 2), at(3, 2)], Err(READ.with_item(0))),
        ] {
            assert_eq!(check_outputs(&inputs, &outputs, &[at(15, 1)]), verdict, "{outputs:?}");
        }
    }

    #[test]
    fn spans_are_held_against_arrays() {
        let spans = [span(16, 8), span(24, 0), span(32, 8)];
        assert_eq!(check_spans_beside(&spans, &[0..16, 24..32, 40..48, 20..20]), Ok(()));
        assert_eq!(check_spans_beside(&spans, &[0..16, 39..48]), Err(OUTPUTS.with_item(2)));
    }
}
