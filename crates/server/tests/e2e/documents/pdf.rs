//! PDFs made for tests: honest ones, and such as nobody should send.

/// Puts objects, numbered from 1 on, into a file; the first is the catalog.
pub fn file(objects: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec();
    let mut places = Vec::new();
    for (number, object) in (1..).zip(objects) {
        places.push(bytes.len());
        bytes.extend(format!("{number} 0 obj\n").into_bytes());
        bytes.extend(object);
        bytes.extend(b"\nendobj\n");
    }
    let begins = bytes.len();
    let count = objects.len() + 1;
    bytes.extend(format!("xref\n0 {count}\n0000000000 65535 f \n").into_bytes());
    for place in places {
        bytes.extend(format!("{place:010} 00000 n \n").into_bytes());
    }
    let trailer = format!("trailer\n<</Size {count}/Root 1 0 R>>\nstartxref\n{begins}\n%%EOF\n");
    bytes.extend(trailer.into_bytes());
    bytes
}

/// A stream, with what its dictionary says beside its length.
pub fn stream(entries: &str, data: &[u8]) -> Vec<u8> {
    let mut object = format!("<<{entries}/Length {}>>\nstream\n", data.len()).into_bytes();
    object.extend(data);
    object.extend(b"\nendstream");
    object
}

/// A document with one page for each content, which may name the font `F1` and the form `X1`.
pub fn pages(contents: Vec<Vec<u8>>, form: Vec<u8>) -> Vec<u8> {
    let kids: Vec<String> = (0..contents.len()).map(|it| format!("{} 0 R", 5 + 2 * it)).collect();
    let mut objects = vec![
        b"<</Type/Catalog/Pages 2 0 R>>".to_vec(),
        format!("<</Type/Pages/Count {}/Kids[{}]>>", contents.len(), kids.join(" ")).into_bytes(),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>".to_vec(),
        form,
    ];
    for content in contents {
        let own = objects.len() + 2;
        objects.push(
            format!(
                "<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents {own} 0 R\
                 /Resources<</Font<</F1 3 0 R>>/XObject<</X1 4 0 R>>>>>>"
            )
            .into_bytes(),
        );
        objects.push(content);
    }
    file(&objects)
}

/// A document with these texts, each on a page.
pub fn saying(texts: &[&str]) -> Vec<u8> {
    let content = |text: &&str| {
        let shown = text.replace('(', "\\(").replace(')', "\\)");
        stream("", format!("BT /F1 12 Tf 72 700 Td ({shown}) Tj ET").as_bytes())
    };
    pages(texts.iter().map(content).collect(), plain_form())
}

/// A scan: its page holds a picture and no text.
pub fn scan() -> Vec<u8> {
    let picture = stream(
        "/Type/XObject/Subtype/Image/Width 1/Height 1/ColorSpace/DeviceGray/BitsPerComponent 8",
        b"\x7f",
    );
    pages(vec![stream("", b"q 612 0 0 792 0 0 cm /X1 Do Q")], picture)
}

fn plain_form() -> Vec<u8> {
    stream("/Type/XObject/Subtype/Form/BBox[0 0 9 9]", b"")
}

/// A page whose content unpacks to ten gigabytes.
pub fn bomb() -> Vec<u8> {
    let once = deflated(b" ", (10 << 30) / 258);
    // What was packed repeats itself every 13 bytes, so it can be packed once more.
    let tail = &once[16..29];
    let twice = deflated(tail, once.len() / 258);
    let packed = stream("/Filter[/FlateDecode/FlateDecode]", &twice);
    pages(vec![packed], plain_form())
}

/// A form that draws itself.
pub fn endless() -> Vec<u8> {
    let form = stream(
        "/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X1 4 0 R>>>>",
        b"/X1 Do",
    );
    pages(vec![stream("", b"/X1 Do")], form)
}

/// Lists that lie in one another, a hundred thousand deep, where a page is expected.
pub fn deep() -> Vec<u8> {
    let mut list = vec![b'['; 100_000];
    list.extend([b']'; 100_000]);
    file(&[b"<</Type/Catalog/Pages 2 0 R>>".to_vec(), list])
}

/// A tree of pages that is its own child.
pub fn circle() -> Vec<u8> {
    file(&[
        b"<</Type/Catalog/Pages 2 0 R>>".to_vec(),
        b"<</Type/Pages/Count 1/Parent 2 0 R/Kids[2 0 R]>>".to_vec(),
    ])
}

/// More text than a prompt may hold: it is packed well.
pub fn wordy() -> Vec<u8> {
    let mut text = b"BT /F1 12 Tf 72 700 Td (".to_vec();
    text.extend(vec![b'a'; (2 << 20) + 99]);
    text.extend(b") Tj ET");
    pages(vec![stream("", &text)], plain_form())
}

/// Packs `pattern`, followed by so many times 258 bytes of its repetition, by zlib's format
/// (RFC 1950 and 1951) with the fixed code of Huffman.
fn deflated(pattern: &[u8], times: usize) -> Vec<u8> {
    let mut bits = Bits { bytes: vec![0x78, 0x01], held: 0, count: 0 };
    bits.put(0b011, 3);
    for byte in pattern {
        match *byte {
            low @ 0..=143 => bits.put_reversed(0x30 + u32::from(low), 8),
            high => bits.put_reversed(0x190 + u32::from(high) - 144, 9),
        }
    }
    // The code of a distance of 1, or of 13 to 16 with two bits for which.
    let (distance, extra) = if pattern.len() == 1 { (0, None) } else { (7, Some(0)) };
    for _ in 0..times {
        bits.put_reversed(0b1100_0101, 8);
        bits.put_reversed(distance, 5);
        if let Some(extra) = extra {
            bits.put(extra, 2);
        }
    }
    bits.put_reversed(0, 7);
    bits.put(0, 7);
    bits.bytes
}

struct Bits {
    bytes: Vec<u8>,
    held: u64,
    count: u32,
}

impl Bits {
    fn put(&mut self, bits: u32, count: u32) {
        self.held |= u64::from(bits) << self.count;
        self.count += count;
        while 8 <= self.count {
            self.bytes.push(self.held as u8);
            self.held >>= 8;
            self.count -= 8;
        }
    }

    fn put_reversed(&mut self, code: u32, count: u32) {
        self.put(code.reverse_bits() >> (32 - count), count);
    }
}
