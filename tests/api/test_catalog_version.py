from api.catalog_version import CatalogVersion
from store.changes import Change, ChangeKind

PRODUCT, CUSTOMER = Change(7, ChangeKind.PRODUCT, "milk"), Change(9, ChangeKind.CUSTOMER, "user:ann")


def test_who_followed_the_same_changes_has_the_same_name() -> None:
    late, early = CatalogVersion(), CatalogVersion()
    assert late.name != early.name
    early.begin(3)
    late.begin(7)
    late.followed([], late.own_writes)
    for changes in ([PRODUCT], [CUSTOMER]):
        early.followed(changes, early.own_writes)
    assert late.name == early.name == "7"


def test_a_process_that_wrote_itself_is_alone_until_the_feed_has_told_of_it() -> None:
    version = CatalogVersion()
    before = version.own_writes
    version.own_write()  # while changes are read
    version.moved()
    alone = version.name
    version.followed([PRODUCT], before)
    assert version.name == alone
    version.followed([], version.own_writes)
    assert version.name == "7"
