//! Why a script can be refused.

/// Why a script was refused.
#[derive(Debug, thiserror::Error)]
pub enum ScriptError {
    /// The JSON has another shape than a script.
    #[error("not a script: {0}")]
    Shape(#[from] serde_json::Error),
    /// A value is outside its bounds.
    #[error("`{field}` must be {bound}")]
    Bound {
        /// The field as it is written in JSON.
        field: &'static str,
        /// What the value must be.
        bound: &'static str,
    },
}

/// Whether `text` can stand in a header: visible, and on one line.
pub(crate) fn is_one_line(text: &str) -> bool {
    text.bytes().all(|byte| byte == b'\t' || (b' ' <= byte && byte != 0x7f))
}
