//! Makes `model.bin` from the texts that train, and prints how it does on those held back.

use std::error::Error;
use std::path::Path;

use classify::train::{texts, train};
use classify::{Tag, evaluate};

fn main() -> Result<(), Box<dyn Error>> {
    let (training, judging) = texts();
    let model = train(&training);
    let right = |list: &[classify::train::Labelled]| {
        let right = list.iter().filter(|one| evaluate(&one.text, &model).tag == one.tag).count();
        100.0 * right as f64 / list.len() as f64
    };
    eprintln!("{} texts train: {:.1} % right", training.len(), right(&training));
    eprintln!("{} texts judge: {:.1} % right", judging.len(), right(&judging));
    for tag in Tag::all() {
        let of: Vec<_> = judging.iter().filter(|one| one.tag == tag).cloned().collect();
        if !of.is_empty() {
            let group =
                of.iter().filter(|one| evaluate(&one.text, &model).tag.group() == tag.group());
            eprintln!(
                "{:28} {:5.1} % {:5.1} % in its group",
                tag.key(),
                right(&of),
                100.0 * group.count() as f64 / of.len() as f64
            );
        }
    }
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("model.bin");
    std::fs::write(place, model)?;
    Ok(())
}
