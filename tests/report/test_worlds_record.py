"""The record of both readings in simulated worlds: shares by hand."""

from evalkit.report.method.worlds import WarnedCount, WorldCount, worlds_record


def _world(**changes) -> WorldCount:
    counts = {
        "n_estimates": 120,
        "n_nothing": 20,
        "truth": 1.3,
        "bias_plain": 0.6,
        "bias_second": 0.1,
        "n_plain": 80,
        "n_second": 95,
        "n_span": 117,
        "width_plain": 1.6,
        "width_span": 3.0,
        "n_claims_plain": 40,
        "n_claims_span": 1,
        "n_expands_plain": 50,
        "n_expands_span": 2,
    }
    return WorldCount(world="persistent", strength=0.3, **counts | changes)


def test_shares_are_of_the_estimates_that_have_such_a_range():
    one = _world()

    shares = (one.coverage_plain, one.coverage_second, one.coverage_span)
    assert shares == (80 / 120, 95 / 100, 117 / 120)
    assert _world(n_nothing=120, n_second=0).coverage_second is None


def test_a_warning_is_a_hit_where_the_range_misses_the_truth_and_else_a_false_alarm():
    check = WarnedCount(check="earlier_months", n_wrong=40, n_hits=10, n_right=80, n_false_alarms=4)

    assert (check.hit_share, check.false_alarm_share) == (0.25, 0.05)
    never_wrong = check.model_copy(update={"n_wrong": 0, "n_hits": 0})
    assert never_wrong.hit_share is None


def test_the_record_counts_no_more_than_there_is():
    for one in worlds_record().worlds:
        assert one.n_second <= one.n_estimates - one.n_nothing
        assert max(one.n_plain, one.n_span, one.n_nothing) <= one.n_estimates
        # The span holds both ranges: it holds the truth whenever one of them does.
        assert one.n_span >= max(one.n_plain, one.n_second)
        # Whoever is sure under both readings is sure under the plain one.
        assert one.n_expands_span <= one.n_expands_plain
        assert one.n_claims_span <= one.n_claims_plain
        for check in one.warned:
            assert check.n_hits <= check.n_wrong and check.n_false_alarms <= check.n_right
            assert check.n_wrong + check.n_right <= one.n_estimates
