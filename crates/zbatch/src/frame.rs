//! What can be known of an item before it is decompressed: its frames, their claims, and how much they can hold at most.
//! Headers are libzstd's to read, but for the plainest; the walk over the blocks is ours, because libzstd's own walk refuses
//! frames without the magic number, and because it yields the bound that a lying header is held against.

use crate::cost::Coding;
use crate::error::{Error, Result, Status};
use crate::libzstd::{self, Code};
use crate::params::{DecompressionParameters, Format};

/// The content size of an item whose frames do not record it.
pub const CONTENTSIZE_UNKNOWN: u64 = u64::MAX;

/// What the header of a frame tells: python-zstandard's `FrameParameters`. Claims, not yet facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameInfo {
    /// Bytes of content, or `None` when the frame does not record it. Of a skippable frame: the bytes to skip.
    pub content_size: Option<u64>,
    /// Bytes that a streaming decoder must keep.
    pub window_size: u64,
    /// ID of the dictionary that the frame needs, or 0 when it records none.
    pub dict_id: u32,
    /// Bytes of the header.
    pub header_size: u32,
    /// Whether a checksum of the content follows it.
    pub has_checksum: bool,
    /// Whether this is a skippable frame.
    pub is_skippable: bool,
}

const TRUNCATED: Error = Error::new(Status::Truncated, "the frame is cut short");

/// Reads the header of the frame that `data` begins with; 18 bytes are always enough.
pub fn frame_info(data: &[u8], format: Format) -> Result<FrameInfo> {
    let header = libzstd::frame_header(data, format == Format::Zstd1Magicless)?.ok_or(TRUNCATED)?;
    Ok(FrameInfo {
        content_size: (header.content_size != CONTENTSIZE_UNKNOWN).then_some(header.content_size),
        window_size: header.window_size,
        dict_id: header.dict_id,
        header_size: header.header_size,
        has_checksum: header.has_checksum,
        is_skippable: header.is_skippable,
    })
}

/// How many bytes of a frame [`frame_info`] needs, as far as the bytes that are there tell; 0 when it has what it needs.
pub fn frame_info_wants(data: &[u8], format: Format) -> Result<usize> {
    Ok(libzstd::frame_header_wanted(data, format == Format::Zstd1Magicless)?)
}

/// What the frames of an item claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Measure {
    /// Bytes of content, when every frame records them.
    pub size: Option<u64>,
    /// The most bytes that the blocks can become.
    pub bound: u64,
    /// Where the frames to decompress end in the item.
    pub end: usize,
}

const BLOCK_HEADER: usize = 3;
/// Kinds of blocks; the fourth, 0, is plain bytes.
const REPEATED_BYTE: u32 = 1;
const COMPRESSED: u32 = 2;
const RESERVED: u32 = 3;
const CHECKSUM: usize = 4;

/// Walks the frames of `item` and refuses what no decoder of these parameters could or may decompress.
pub(crate) fn measure(item: &[u8], parameters: &DecompressionParameters, dict_id: u32) -> Result<Measure> {
    if parameters.format == Format::Zstd1
        && let Some(measure) = one_plain_frame(item, parameters)
    {
        return Ok(measure);
    }
    measure_frames(item, parameters, dict_id)
}

/// What most items are: one frame with the plainest header. Small ones are measured in half the time when libzstd need not be
/// asked. `None`: it must be.
fn one_plain_frame(item: &[u8], parameters: &DecompressionParameters) -> Option<Measure> {
    let header = plain_header(item)?;
    let (end, bound) = walk_blocks(item, &header).ok()?;
    check_header(&header, parameters, 0).ok()?;
    let size = header.content_size;
    (size <= bound && end == item.len()).then_some(Measure { size: Some(size), bound, end })
}

#[inline(never)]
fn measure_frames(item: &[u8], parameters: &DecompressionParameters, dict_id: u32) -> Result<Measure> {
    walk_frames(item, parameters, dict_id, |_| ())
}

/// Measures frame by frame; `each` sees what they come to so far.
#[inline(always)]
fn walk_frames(
    item: &[u8],
    parameters: &DecompressionParameters,
    dict_id: u32,
    mut each: impl FnMut(&Measure),
) -> Result<Measure> {
    let magicless = parameters.format == Format::Zstd1Magicless;
    let mut all = Measure { size: Some(0), bound: 0, end: 0 };
    let mut frames = 0;
    // One-shot decoding of nothing at all is a success to libzstd; to us it is a frame that is not there.
    while frames == 0 || all.end < item.len() {
        let rest = &item[all.end..];
        let header = match libzstd::frame_header(rest, magicless) {
            Ok(Some(header)) => header,
            Err(Code::PREFIX_UNKNOWN) if all.end > 0 => match parameters.allow_extra_data {
                true => break,
                false => return Err(EXTRA_DATA),
            },
            Ok(None) => return Err(TRUNCATED),
            Err(code) => return Err(code.into()),
        };
        if header.is_skippable {
            let skip = u64::from(header.header_size).checked_add(header.content_size).ok_or(TRUNCATED)?;
            all.end += usize::try_from(skip).ok().filter(|&skip| skip <= rest.len()).ok_or(TRUNCATED)?;
            // A file of skippable frames alone is valid, and empty.
            frames += usize::from(all.end == item.len());
            continue;
        }
        let (length, bound) = walk_blocks(rest, &header)?;
        if header.content_size == CONTENTSIZE_UNKNOWN {
            all.size = None;
        } else if header.content_size > bound {
            return Err(Error::new(Status::Corrupt, "the frame declares more content than its blocks can hold"));
        }
        // After the lies: the window of a frame that is a single segment is its content size.
        check_header(&header, parameters, dict_id)?;
        all.size = all.size.map(|size| size + header.content_size);
        all.bound += bound;
        all.end += length;
        frames += 1;
        each(&all);
        if parameters.single_frame {
            if all.end < item.len() && !parameters.allow_extra_data {
                return Err(EXTRA_DATA);
            }
            break;
        }
    }
    Ok(all)
}

/// Where an item of `size` bytes of content can be cut into parts of `least` bytes or more, the last excepted: between frames
/// that record their content size. The ends of the parts, in the item and in the content; none where it cannot be cut.
pub(crate) fn parts(
    item: &[u8],
    parameters: &DecompressionParameters,
    dict_id: u32,
    size: u64,
    least: u64,
) -> Vec<(usize, u64)> {
    let mut ends: Vec<(usize, u64)> = Vec::new();
    // Of a single frame the blocks need not be walked again.
    let first = libzstd::frame_header(item, parameters.format == Format::Zstd1Magicless);
    if matches!(first, Ok(Some(header)) if !header.is_skippable && header.content_size == size) {
        return ends;
    }
    let all = walk_frames(item, parameters, dict_id, |so_far| {
        let start = ends.last().map_or(0, |end| end.1);
        if let Some(end) = so_far.size.filter(|end| end - start >= least)
            && ends.try_reserve(2).is_ok()
        {
            ends.push((so_far.end, end));
        }
    });
    let Ok(Measure { size: Some(_), end, .. }) = all else { return Vec::new() };
    match ends.last_mut() {
        Some(last) if last.1 == size => last.0 = end,
        Some(_) => ends.push((end, size)),
        None => {}
    }
    if ends.len() > 1 { ends } else { Vec::new() }
}

/// What an item of unknown size is taken to become, to weigh it.
pub(crate) fn guess(item: &[u8]) -> u64 {
    (item.len() as u64).saturating_mul(4)
}

/// What an item becomes as far as its beginning shows: a guess where that does not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Glance {
    pub content: u64,
    pub coding: Coding,
    /// The content that the first frame records. Where it is less than all, others of the kind seem to follow.
    pub recorded: Option<u64>,
}

/// Looks at the header that `item` begins with; `None` where it is refused.
pub(crate) fn glance(item: &[u8], parameters: &DecompressionParameters, dict_id: u32) -> Option<Glance> {
    let guessed = |content, coding| Some(Glance { content, coding, recorded: None });
    let plain = if parameters.format == Format::Zstd1 { plain_header(item) } else { None };
    let header = match plain {
        Some(header) => header,
        None => libzstd::frame_header(item, parameters.format == Format::Zstd1Magicless).ok()??,
    };
    if header.is_skippable {
        return guessed(guess(item), Coding::Codes);
    }
    check_header(&header, parameters, dict_id).ok()?;
    let coding = match item.get(header.header_size as usize..)? {
        // Of the first block the type, and that of its literals.
        [head, ..] if (head >> 1) & 3 < 2 => Coding::Stored,
        [_, _, _, literals, ..] if literals & 3 < 2 => Coding::Matches,
        _ => Coding::Codes,
    };
    let size = item.len() as u64;
    match header.content_size {
        CONTENTSIZE_UNKNOWN if coding == Coding::Stored => guessed(size, coding),
        CONTENTSIZE_UNKNOWN => guessed(guess(item), coding),
        content if content >> LARGEST_RATIO_LOG > size => None,
        content => {
            let has_more = size > largest_frame(content) && !parameters.single_frame;
            let all = if has_more { guess(item) } else { content };
            Some(Glance { content: all, coding, recorded: Some(content) })
        }
    }
}

/// The most bytes that a frame of this content has: where there are more, others follow.
pub(crate) fn largest_frame(content: u64) -> u64 {
    content.saturating_add(content >> 8).saturating_add(SMALLEST_BOUND)
}

/// A block of four bytes can hold 128 KiB.
const LARGEST_RATIO_LOG: u32 = 15;
/// More than what a frame has beside its content and a 256th of that.
const SMALLEST_BOUND: u64 = 128;

/// A header that says no more than that the content is one segment of a recorded size, and whether there is a checksum.
fn plain_header(frame: &[u8]) -> Option<libzstd::Header> {
    const SINGLE_SEGMENT: u8 = 0b0010_0000;
    const CHECKSUM: u8 = 0b0000_0100;
    const SIZE: u8 = 0b1100_0000;
    let (&[0x28, 0xb5, 0x2f, 0xfd, descriptor], rest) = frame.split_first_chunk()? else { return None };
    if descriptor & !(SIZE | CHECKSUM) != SINGLE_SEGMENT {
        return None;
    }
    let (size, bytes) = match (descriptor >> 6, rest) {
        (0, &[a, ..]) => (u32::from(a), 1),
        (1, &[a, b, ..]) => (u32::from(u16::from_le_bytes([a, b])) + 256, 2),
        (2, &[a, b, c, d, ..]) => (u32::from_le_bytes([a, b, c, d]), 4),
        _ => return None,
    };
    Some(libzstd::Header {
        content_size: size.into(),
        window_size: size.into(),
        block_size_max: size.min(BLOCK_SIZE_MAX).into(),
        dict_id: 0,
        header_size: 5 + bytes,
        has_checksum: descriptor & CHECKSUM != 0,
        is_skippable: false,
    })
}

const BLOCK_SIZE_MAX: u32 = 128 << 10;

const EXTRA_DATA: Error = Error::new(Status::ExtraData, "bytes that are not a frame follow the last frame");

fn check_header(header: &libzstd::Header, parameters: &DecompressionParameters, dict_id: u32) -> Result<()> {
    let window_limit = parameters.window_limit();
    if header.window_size > window_limit {
        return Err(Error::window(window_limit));
    }
    if header.dict_id != 0 && header.dict_id != dict_id {
        return Err(Code::DICTIONARY_WRONG.into());
    }
    if parameters.require_checksum && !header.has_checksum {
        return Err(Error::new(Status::Checksum, "the frame has no checksum, and one is required"));
    }
    Ok(())
}

/// The length of the frame that `frame` begins with, and the most bytes that its blocks can become.
fn walk_blocks(frame: &[u8], header: &libzstd::Header) -> Result<(usize, u64)> {
    let mut at = header.header_size as usize;
    let mut bound = 0u64;
    loop {
        let head = frame.get(at..at + BLOCK_HEADER).ok_or(TRUNCATED)?;
        let word = u32::from_le_bytes([head[0], head[1], head[2], 0]);
        let (last, kind, size) = (word & 1 != 0, (word >> 1) & 3, word >> 3);
        if kind == RESERVED || u64::from(size) > header.block_size_max {
            return Err(Code::CORRUPTION_DETECTED.into());
        }
        let stored = if kind == REPEATED_BYTE { 1 } else { size as usize };
        let becomes = if kind == COMPRESSED { header.block_size_max } else { size.into() };
        at += BLOCK_HEADER + stored;
        bound += becomes;
        if at > frame.len() {
            return Err(TRUNCATED);
        }
        if last {
            break;
        }
    }
    if header.has_checksum {
        at += CHECKSUM;
        if at > frame.len() {
            return Err(TRUNCATED);
        }
    }
    Ok((at, bound))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame of raw blocks without checksum; `declared` is its content size.
    fn frame(declared: Option<u64>, blocks: &[&[u8]]) -> Vec<u8> {
        let mut bytes = vec![0x28, 0xb5, 0x2f, 0xfd];
        match declared {
            Some(size) => {
                bytes.push(0b1110_0000);
                bytes.extend(size.to_le_bytes());
            }
            None => bytes.extend([0, 0x50]),
        }
        for (i, block) in blocks.iter().enumerate() {
            let head = (block.len() << 3) | usize::from(i + 1 == blocks.len());
            bytes.extend(&head.to_le_bytes()[..3]);
            bytes.extend(*block);
        }
        bytes
    }

    fn of(item: &[u8]) -> Result<Measure> {
        measure(item, &DecompressionParameters::default(), 0)
    }

    #[test]
    fn a_header_tells_how_long_it_is() {
        let whole = frame(Some(5), &[b"hello"]);
        let head = [&[0x2a, 0x4d, 0x18][..], &[0; 5]].concat();
        let skippable = [&[0x50][..], &head].concat();
        let wants = |data: &[u8], format| frame_info_wants(data, format).ok();
        for (cut, want) in [(0, 5), (4, 5), (5, 13), (12, 13), (13, 0), (whole.len(), 0)] {
            assert_eq!(wants(&whole[..cut], Format::Zstd1), Some(want), "{cut}");
        }
        assert_eq!([0, 1, 9].map(|cut| wants(&whole[4..][..cut], Format::Zstd1Magicless)), [Some(1), Some(9), Some(0)]);
        assert_eq!(wants(&skippable[..6], Format::Zstd1), Some(8));
        assert_eq!(wants(b"garbage", Format::Zstd1), None);
        assert_eq!(libzstd::frame_header_size(&whole[..5]), Some(13));
        assert_eq!(libzstd::frame_header_size(&whole[..4]), None);
    }

    #[test]
    fn several_frames_are_added_up() {
        let (a, b) = (frame(Some(3), &[b"abc"]), frame(None, &[b"de", b"f"]));
        let skip = [&[0x51, 0x2a, 0x4d, 0x18, 2, 0, 0, 0][..], b"xx"].concat();
        assert_eq!(of(&a), Ok(Measure { size: Some(3), bound: 3, end: a.len() }));
        let all = [&skip[..], &a, &skip, &b, &skip].concat();
        assert_eq!(of(&all), Ok(Measure { size: None, bound: 6, end: all.len() }));
        assert_eq!(of(&skip), Ok(Measure { size: Some(0), bound: 0, end: skip.len() }));
    }

    #[test]
    fn an_item_is_cut_between_frames_of_recorded_size() {
        let (a, b) = (frame(Some(3), &[b"abc"]), frame(Some(2), &[b"de"]));
        let (none, unknown) = (frame(Some(0), &[b""]), frame(None, &[b"f"]));
        let skip = [&[0x51, 0x2a, 0x4d, 0x18, 2, 0, 0, 0][..], b"xx"].concat();
        let parts = |frames: &[&[u8]], least| {
            let (item, parameters) = (frames.concat(), DecompressionParameters::default());
            let size = measure(&item, &parameters, 0).unwrap().size.unwrap_or(99);
            parts(&item, &parameters, 0, size, least)
        };
        let (x, y, s) = (a.len(), b.len(), skip.len());
        assert_eq!(parts(&[&a, &b, &a], 1), [(x, 3), (x + y, 5), (2 * x + y, 8)]);
        assert_eq!(parts(&[&a, &b, &a], 4), [(x + y, 5), (2 * x + y, 8)]);
        assert_eq!(parts(&[&skip, &a, &skip, &b, &skip], 1), [(s + x, 3), (3 * s + x + y, 5)]);
        assert_eq!(parts(&[&a, &none, &b, &none], 1), [(x, 3), (x + y + 2 * none.len(), 5)]);
        for whole in [&[&a[..]][..], &[&a, &none], &[&none, &a], &[&a, &unknown, &b], &[&a, &b, &unknown], &[&skip]] {
            assert_eq!(parts(whole, 1), [], "{whole:?}");
        }
        assert_eq!(parts(&[&a, &b], 6), []);
        let first = DecompressionParameters { single_frame: true, allow_extra_data: true, ..Default::default() };
        assert_eq!(super::parts(&[&a[..], &b].concat(), &first, 0, 3, 1), []);
    }

    #[test]
    fn plain_headers_are_read_as_libzstd_reads_them() {
        for descriptor in 0..=255 {
            for size in [[0; 8], [200, 0, 0, 0, 0, 0, 0, 0], [1, 2, 3, 4, 0, 0, 0, 0], [255; 8]] {
                let whole = [&[0x28, 0xb5, 0x2f, 0xfd, descriptor][..], &size].concat();
                for cut in 0..=whole.len() {
                    let Some(plain) = plain_header(&whole[..cut]) else { continue };
                    assert_eq!(libzstd::frame_header(&whole[..cut], false), Ok(Some(plain)), "{whole:?} {cut}");
                }
            }
            let plain = plain_header(&[0x28, 0xb5, 0x2f, 0xfd, descriptor, 9, 9, 9, 9]).is_some();
            assert_eq!(plain, [0x20, 0x24, 0x60, 0x64, 0xa0, 0xa4].contains(&descriptor), "{descriptor:#x}");
        }
    }

    #[test]
    fn each_defect_has_its_status() {
        let a = frame(Some(3), &[b"abc"]);
        let status = |item: &[u8]| of(item).unwrap_err().status();
        assert_eq!(status(b""), Status::Truncated);
        assert_eq!(status(b"not zstd"), Status::NotAFrame);
        for cut in 1..a.len() {
            assert_eq!(status(&a[..cut]), Status::Truncated, "{cut}");
        }
        assert_eq!(status(&[&a[..], b"tail"].concat()), Status::ExtraData);
        for lie in [4, 1 << 31, 1 << 40, u64::MAX - 2] {
            let lie = frame(Some(lie), &[b"abc"]);
            assert_eq!(status(&lie), Status::Corrupt, "{lie:?}");
        }
    }

    #[test]
    fn a_glance_tells_what_the_first_header_shows() {
        let at = |item: &[u8]| glance(item, &DecompressionParameters::default(), 0);
        let alone = |content, coding| Some(Glance { content, coding, recorded: Some(content) });
        assert_eq!(at(&frame(Some(3), &[b"abc"])), alone(3, Coding::Stored));
        assert_eq!(at(&frame(None, &[b"abc"])).map(|seen| seen.coding), Some(Coding::Stored));
        let coded = |literals| {
            let mut bytes = frame(Some(3), &[&[literals, 1, 2, 3]]);
            bytes[13] |= 2 << 1;
            glance(&bytes, &DecompressionParameters::default(), 0)
        };
        assert_eq!(coded(0), alone(3, Coding::Matches));
        assert_eq!(coded(2), alone(3, Coding::Codes));
        let many = frame(Some(3), &[b"abc"]).repeat(100);
        assert_eq!(at(&many), Some(Glance { content: guess(&many), coding: Coding::Stored, recorded: Some(3) }));
        let first = DecompressionParameters { single_frame: true, allow_extra_data: true, ..Default::default() };
        assert_eq!(glance(&many, &first, 0), alone(3, Coding::Stored));
        // What is refused counts as nothing: no frame, one that is cut short, a lie, and a window beyond the limit.
        for refused in [&b""[..], b"not zstd", &frame(Some(3), &[])[..7], &frame(Some(1 << 40), &[b"abc"])] {
            assert_eq!(at(refused), None);
        }
        let narrow = DecompressionParameters { max_window_size: 2, ..Default::default() };
        assert_eq!(glance(&frame(Some(3), &[b"abc"]), &narrow, 0), None);
    }
}
