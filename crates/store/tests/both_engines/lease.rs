//! A duty is given to one of those who ask at the same time.

use store::lease;

use crate::home::on_each_engine;

#[test]
fn of_several_who_take_a_duty_at_once_one_gets_it() {
    on_each_engine(|home| {
        home.wait(async {
            let db = home.open().await;
            assert_eq!(lease::find(&db, "duty").await.unwrap(), None);
            let take = async |old: Option<&str>, new: &str| {
                lease::swap(&db, "duty", old, new).await.unwrap()
            };
            let (a, b, c) = tokio::join!(take(None, "a"), take(None, "b"), take(None, "c"));
            assert_eq!([a, b, c].iter().filter(|took| **took).count(), 1);
            let held = lease::find(&db, "duty").await.unwrap().unwrap();
            let (a, b) = tokio::join!(take(Some(&held), "d"), take(Some(&held), "e"));
            assert!(a != b);
            lease::end(&db, "duty", &held).await.unwrap();
            let held = lease::find(&db, "duty").await.unwrap().unwrap();
            assert_eq!(held, if a { "d" } else { "e" });
            lease::end(&db, "duty", &held).await.unwrap();
            assert_eq!(lease::find(&db, "duty").await.unwrap(), None);
        });
    });
}
