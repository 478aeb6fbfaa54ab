//! Memory of the caller's for results must be apart from all other: where it is not, two workers would write the same bytes,
//! or one those that another reads, and nothing would tell.

use std::ops::Range;

use zbatch::{Error, Items, Status};

use crate::border::try_with_capacity;
use crate::bytes::zbatch_span;

const SHARED: Error = Error::new(Status::InvalidArgument, "its destination overlaps that of another item");
const READ: Error = Error::new(Status::InvalidArgument, "a destination overlaps its input");

/// A span by its addresses, and whose it is.
struct Place {
    bytes: Range<usize>,
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

/// Refuses a destination that overlaps an input.
pub(crate) fn check_block<I: Items>(items: &I, block: &zbatch_span) -> Result<(), Error> {
    if block.size == 0 { Ok(()) } else { check_inputs(items, &[block], |block| addresses(block)) }
}

/// `places` have bytes, lie in the order of their addresses and are apart.
fn check_inputs<I: Items, T>(items: &I, places: &[T], bytes: impl Fn(&T) -> Range<usize>) -> Result<(), Error> {
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

fn addresses(span: &zbatch_span) -> Range<usize> {
    let start = span.data.addr();
    start..start.saturating_add(span.size)
}

fn of(bytes: &[u8]) -> Range<usize> {
    let Range { start, end } = bytes.as_ptr_range();
    start.addr()..end.addr()
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
    fn one_destination_is_held_against_every_input() {
        let memory = [0; 16];
        let inputs = [&memory[..4], &memory[8..12], &memory[9..9]];
        let base = memory.as_ptr().addr();
        for (block, verdict) in [
            (span(base + 4, 4), Ok(())),
            (span(base, 0), Ok(())),
            (span(base + 4, 5), Err(READ.with_item(1))),
            (span(base, 16), Err(READ.with_item(0))),
        ] {
            assert_eq!(check_block(&inputs, &block), verdict);
        }
    }
}
