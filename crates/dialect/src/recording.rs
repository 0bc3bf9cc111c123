//! How long a recording lasts, read from its bytes without decoding it.

/// How long a recording lasts, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Length {
    /// As nearly as its bytes tell.
    pub(crate) ms: u32,
    /// At most.
    pub(crate) ms_max: u32,
}

/// Bytes of a second at the lowest rate of speech that is in use: Opus at 6 kbit/s.
const BYTES_PER_SECOND_MIN: u64 = 750;
/// Bytes of a second where nothing is known: 64 kbit/s.
const BYTES_PER_SECOND_USUAL: u64 = 8_000;

/// Measures a recording.
///
/// WAV and MP3 are measured by what a decoder would play. Of the others, what the head claims is
/// believed as an estimate, and the bound is made from the bytes.
pub(crate) fn measure(bytes: &[u8]) -> Length {
    let length = bytes.len() as u64;
    let at = |per_second: u64| cut(length.saturating_mul(1_000) / per_second);
    if let Some(ms) = wav(bytes).or_else(|| mp3(bytes)) {
        let ms = cut(ms);
        return Length { ms, ms_max: ms };
    }
    let claimed = flac(bytes).or_else(|| ogg(bytes)).or_else(|| mp4(bytes)).map(cut);
    let ms = claimed.unwrap_or_else(|| at(BYTES_PER_SECOND_USUAL));
    let ms_max = at(BYTES_PER_SECOND_MIN);
    Length { ms: ms.min(ms_max), ms_max }
}

fn cut(ms: u64) -> u32 {
    u32::try_from(ms).unwrap_or(u32::MAX)
}

fn le32(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?)))
}

fn be32(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?)))
}

/// RIFF: the bytes of `data`, at the byte rate of `fmt `.
fn wav(bytes: &[u8]) -> Option<u64> {
    if !bytes.starts_with(b"RIFF") || bytes.get(8..12)? != b"WAVE" {
        return None;
    }
    let (mut at, mut rate) = (12, None);
    loop {
        let name = bytes.get(at..at + 4)?;
        let size = le32(bytes, at + 4)?;
        let body = at + 8;
        match name {
            b"fmt " => rate = le32(bytes, body + 8).filter(|it| 0 < *it),
            b"data" => {
                let left = (bytes.len() - body) as u64;
                // Who streams a WAV does not know its size, and writes none or the largest.
                let size = if size == 0 { left } else { size.min(left) };
                return Some(size * 1_000 / rate?);
            }
            _ => (),
        }
        at = body.checked_add(usize::try_from(size + size % 2).ok()?)?;
    }
}

/// Kilobits a second of MPEG audio's layer III: version 1, then versions 2 and 2.5.
const MP3_KBITS: [[u64; 16]; 2] = [
    [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0],
    [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0],
];
const MP3_RATES: [u64; 4] = [44_100, 48_000, 32_000, 0];

/// MPEG: all frames, added up.
fn mp3(bytes: &[u8]) -> Option<u64> {
    let mut at = 0;
    if bytes.starts_with(b"ID3") {
        let size = bytes.get(6..10)?.iter().fold(0, |sum, it| (sum << 7) | usize::from(it & 0x7f));
        at = size + 10;
    }
    let (mut micros, mut frames) = (0_u64, 0);
    while let Some((length, took)) = bytes.get(at..).and_then(mp3_frame) {
        micros += took;
        frames += 1;
        at += length;
    }
    // One frame may be chance; what follows the last may be a tag.
    (2 <= frames).then_some(micros / 1_000)
}

/// Returns the length of the frame at the beginning, and how many microseconds it lasts.
fn mp3_frame(bytes: &[u8]) -> Option<(usize, u64)> {
    let head = bytes.get(..4)?;
    let (version, layer) = ((head[1] >> 3) & 3, (head[1] >> 1) & 3);
    if head[0] != 0xff || head[1] & 0xe0 != 0xe0 || version == 1 || layer != 1 {
        return None;
    }
    let is_first = version == 3;
    let kbits = MP3_KBITS[usize::from(!is_first)][usize::from(head[2] >> 4)];
    let halved = [4, 1, 2, 1][usize::from(version)];
    let rate = MP3_RATES[usize::from((head[2] >> 2) & 3)] / halved;
    if kbits == 0 || rate == 0 {
        return None;
    }
    let samples = if is_first { 1152 } else { 576 };
    let padding = u64::from((head[2] >> 1) & 1);
    let length = samples / 8 * kbits * 1_000 / rate + padding;
    Some((usize::try_from(length).ok()?, samples * 1_000_000 / rate))
}

/// FLAC: the samples that the head claims.
fn flac(bytes: &[u8]) -> Option<u64> {
    let info = bytes.strip_prefix(b"fLaC")?.get(4..38)?;
    let packed = u64::from_be_bytes(info.get(10..18)?.try_into().ok()?);
    let (rate, samples) = (packed >> 44, packed & 0xf_ffff_ffff);
    (0 < rate && 0 < samples).then(|| samples * 1_000 / rate)
}

/// Ogg: the position of the last page, at Opus's rate or Vorbis's own.
fn ogg(bytes: &[u8]) -> Option<u64> {
    if !bytes.starts_with(b"OggS") {
        return None;
    }
    let head = &bytes[..bytes.len().min(512)];
    let rate = match memchr::memmem::find(head, b"\x01vorbis") {
        Some(at) => le32(head, at + 12)?,
        None => 48_000,
    };
    let last = memchr::memmem::rfind(bytes, b"OggS")?;
    let position = i64::from_le_bytes(bytes.get(last + 6..last + 14)?.try_into().ok()?);
    let position = u64::try_from(position).ok().filter(|it| *it < 1 << 40)?;
    (0 < rate).then(|| position * 1_000 / rate)
}

/// MP4 and its kin: what the movie's head claims.
fn mp4(bytes: &[u8]) -> Option<u64> {
    if bytes.get(4..8)? != b"ftyp" {
        return None;
    }
    let movie = mp4_box(bytes, b"moov")?;
    let head = mp4_box(movie, b"mvhd")?;
    let (scale, duration) = match head.first()? {
        0 => (be32(head, 12)?, be32(head, 16)?),
        _ => {
            let high = be32(head, 24)?;
            (be32(head, 20)?, (high << 32) | be32(head, 28)?)
        }
    };
    let ms = u128::from(duration) * 1_000 / u128::from(scale).max(1);
    u64::try_from(ms).ok().filter(|it| 0 < *it)
}

/// Returns what a box of that name holds.
fn mp4_box<'a>(bytes: &'a [u8], wanted: &[u8; 4]) -> Option<&'a [u8]> {
    let mut at = 0_usize;
    loop {
        let size = be32(bytes, at)?;
        let name = bytes.get(at + 4..at + 8)?;
        let (head, size) = match size {
            1 => (16, (be32(bytes, at + 8)? << 32) | be32(bytes, at + 12)?),
            0 => (8, (bytes.len() - at) as u64),
            size => (8, size),
        };
        let end = at.checked_add(usize::try_from(size).ok()?)?;
        if end < at + head {
            return None;
        }
        if name == wanted {
            return bytes.get(at + head..end.min(bytes.len()));
        }
        at = end;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn wav_of(samples: u32, rate: u32, claimed: u32) -> Vec<u8> {
        let mut file = b"RIFF\0\0\0\0WAVELIST\x03\0\0\0abc\0fmt \x10\0\0\0\x01\0\x01\0".to_vec();
        file.extend(rate.to_le_bytes());
        file.extend((rate * 2).to_le_bytes());
        file.extend(b"\x02\0\x10\0data");
        file.extend(claimed.to_le_bytes());
        file.extend(vec![0; samples as usize * 2]);
        file
    }

    /// A frame of MPEG 1, layer III, 128 kbit/s, 44.1 kHz: 417 bytes.
    fn mp3_of(frames: usize) -> Vec<u8> {
        let frame = [b"\xff\xfb\x90\x00".as_slice(), &[0; 413]].concat();
        [b"ID3\x04\0\0\0\0\0\x02ab".as_slice(), &frame.repeat(frames), b"TAG"].concat()
    }

    fn exactly(ms: u32) -> Length {
        Length { ms, ms_max: ms }
    }

    #[test]
    fn a_wav_lasts_as_long_as_its_samples_whatever_it_claims() {
        assert_eq!(measure(&wav_of(16_000, 16_000, 32_000)), exactly(1_000));
        for claimed in [0, u32::MAX] {
            assert_eq!(measure(&wav_of(8_000, 16_000, claimed)), exactly(500));
        }
    }

    #[test]
    fn an_mp3_lasts_as_long_as_its_frames() {
        // 100 frames of 1,152 samples at 44.1 kHz.
        assert_eq!(measure(&mp3_of(100)), exactly(2_612));
    }

    #[test]
    fn the_head_of_a_flac_is_an_estimate_and_its_bytes_are_the_bound() {
        let packed = (16_000_u64 << 44) | (15 << 36) | 24_000;
        let mut file = b"fLaC\0\0\0\x22".to_vec();
        file.extend([0; 10]);
        file.extend(packed.to_be_bytes());
        file.extend([0; 16]);
        file.extend([0; 9_000]);
        let length = measure(&file);
        assert_eq!(length.ms, 1_500);
        assert_eq!(u64::from(length.ms_max), file.len() as u64 * 1_000 / BYTES_PER_SECOND_MIN);
    }

    #[test]
    fn the_last_page_of_an_ogg_says_where_it_ends() {
        let mut file = b"OggS\0\x02".to_vec();
        file.extend([0; 22]);
        file.extend(b"OpusHead");
        file.extend([0; 4_000]);
        file.extend(b"OggS\0\x04");
        file.extend(96_000_i64.to_le_bytes());
        assert_eq!(measure(&file).ms, 2_000);
    }

    #[test]
    fn the_head_of_an_mp4_says_how_long_it_lasts() {
        let mut file = b"\0\0\0\x10ftypM4A \0\0\0\0".to_vec();
        file.extend(b"\0\0\0\x08free\0\0\0\x24moov\0\0\0\x1cmvhd\0\0\0\0\0\0\0\0\0\0\0\0");
        file.extend(1_000_u32.to_be_bytes());
        file.extend(2_500_u32.to_be_bytes());
        file.extend([0; 4_000]);
        assert_eq!(measure(&file).ms, 2_500);
    }

    #[test]
    fn what_nobody_knows_is_measured_by_its_bytes() {
        assert_eq!(measure(&[7; 8_000]), Length { ms: 1_000, ms_max: 10_666 });
        assert_eq!(measure(b""), exactly(0));
    }

    proptest! {
        #[test]
        fn no_bytes_make_measuring_panic_or_pass_the_bound(
            head in prop::sample::select(vec![
                b"RIFF\0\0\0\0WAVE".to_vec(), b"fLaC".to_vec(), b"OggS".to_vec(), b"ID3".to_vec(),
                b"\0\0\0\x08ftyp\0\0\0\x20moov".to_vec(), b"\xff\xfb\x90\0".to_vec(), Vec::new(),
            ]),
            rest in any::<Vec<u8>>(),
        ) {
            let length = measure(&[head, rest].concat());
            prop_assert!(length.ms <= length.ms_max);
        }
    }
}
