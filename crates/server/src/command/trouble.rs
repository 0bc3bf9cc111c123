//! What every command shares: how it says that it was stopped, and how it looks around.

/// Whatever stopped a command, in words for whoever typed it.
pub type Trouble = Box<dyn std::error::Error + Send + Sync>;

/// Looks a variable of the environment up.
pub(super) fn environment(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "this is where the environment comes in")]
    std::env::var(name).ok()
}
