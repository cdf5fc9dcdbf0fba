import pytest

from evalkit.batch.plan import plan_run
from evalkit.errors import BatchError, ParameterError, ProtocolError


def test_plan_expands_districts_and_keeps_dependencies(project):
    project.add_three_stations()

    units = {unit.name: unit for unit in project.plan()}

    assert list(units) == [
        "city/00_first",
        "district/01_part@belfast",
        "district/01_part@n-eastern",
        "city/02_last",
    ]
    assert units["district/01_part@n-eastern"].after == ("city/00_first",)
    assert units["city/02_last"].after == ("district/01_part@belfast", "district/01_part@n-eastern")
    assert units["district/01_part@n-eastern"].names == ("N.Eastern",)


def test_district_waits_for_its_own_part_only(project):
    project.add("district/01_part")
    project.add("district/02_next", after=["district/01_part"])

    units = {unit.name: unit for unit in project.plan()}

    assert units["district/02_next@belfast"].after == ("district/01_part@belfast",)


def test_interventions_of_the_protocols_have_a_unit_each(project):
    project.add_protocols("job_training", "Språkpraktik")
    project.add("intervention/01_weights", writes=["work/weights/{slug}.parquet"])
    project.add("intervention/02_effects", after=["intervention/01_weights"])

    units = {unit.name: unit for unit in project.plan()}

    assert list(units) == [
        "intervention/01_weights@job-training",
        "intervention/01_weights@sprakpraktik",
        "intervention/02_effects@job-training",
        "intervention/02_effects@sprakpraktik",
    ]
    weights = units["intervention/01_weights@job-training"]
    assert weights.parameters(project.run_dir)["intervention"] == "job_training"
    assert weights.writes == ("work/weights/job-training.parquet",)
    assert units["intervention/02_effects@sprakpraktik"].after == (
        "intervention/01_weights@sprakpraktik",
    )


def test_who_waits_for_all_districts_or_interventions_need_not_have_them_end_well(project):
    project.add_protocols("training", "coaching")
    project.add("intervention/01_weights")
    project.add("district/02_sums", after=["intervention/01_weights"])
    project.add("intervention/03_effects", after=["district/02_sums", "intervention/01_weights"])
    project.add("city/04_collect", after=["intervention/03_effects", "district/02_sums"])

    units = {unit.name: unit for unit in project.plan()}

    weights = ("intervention/01_weights@training", "intervention/01_weights@coaching")
    effects = ("intervention/03_effects@training", "intervention/03_effects@coaching")
    sums = ("district/02_sums@belfast", "district/02_sums@n-eastern")
    assert units["district/02_sums@belfast"].after == weights
    assert units["district/02_sums@belfast"].collects == set(weights)
    assert units["intervention/03_effects@coaching"].after == (*sums, weights[1])
    assert units["intervention/03_effects@coaching"].collects == set(sums)
    assert units["city/04_collect"].after == (*effects, *sums)
    assert units["city/04_collect"].collects == {*effects, *sums}


@pytest.mark.parametrize(
    ("pattern", "units"),
    [
        ("Belfast", ["district/01_part@belfast"]),
        ("*@n.eastern", ["district/01_part@n-eastern"]),
        ("*@n-eastern", ["district/01_part@n-eastern"]),
        ("district/01*@B*", ["district/01_part@belfast"]),
        ("district/01_part", ["district/01_part@belfast", "district/01_part@n-eastern"]),
        ("Prov", ["intervention/02_weights@job-training"]),
        ("job_training", ["intervention/02_weights@job-training"]),
        ("city/*", ["city/00_first"]),
        ("first", []),
    ],
)
def test_a_unit_is_meant_by_the_run_files_own_spelling(project, pattern, units):
    project.add_protocols("job_training")
    project.add("city/00_first")
    project.add("district/01_part")
    project.add("intervention/02_weights")

    assert [unit.name for unit in project.plan() if unit.is_called(pattern)] == units


def test_a_unit_is_skipped_for_what_it_builds_on_and_where_no_district_is_well(project):
    project.add("city/00_first")
    project.add("district/01_part", after=["city/00_first"])
    project.add("city/02_last", after=["city/00_first", "district/01_part"])
    last = {unit.name: unit for unit in project.plan()}["city/02_last"]
    belfast, eastern = "district/01_part@belfast", "district/01_part@n-eastern"

    causes = [last.cause_to_skip(bad) for bad in ({belfast}, {belfast, eastern}, {"city/00_first"})]

    assert causes == [None, belfast, "city/00_first"]


def test_without_protocols_no_intervention_has_a_unit(project):
    project.add("intervention/01_weights")
    project.add("city/02_collect", after=["intervention/01_weights"])

    assert [(unit.name, unit.after) for unit in project.plan()] == [("city/02_collect", ())]


@pytest.mark.parametrize("names", [("job_training", "job-training"), ("all",), ("'...'",)])
def test_interventions_that_share_a_file_name_are_refused(project, names):
    project.add_protocols(*names)
    project.add("intervention/01_weights")

    with pytest.raises(ParameterError) as fault:
        project.plan()

    what, where, why, fix = str(fault.value).splitlines()
    assert what == "The interventions of a run cannot be told apart."
    assert where == f"  where: run file, effects.protocols: {', '.join(names)}".replace("'", "")
    assert (
        why == "  why:   Each of the interventions has its own files, named by its letters and "
        'digits; "all" and "index" are kept for the whole city.'
    )
    assert fix == "  fix:   name each once, with letters or digits that differ."


def test_two_protocols_of_one_intervention_are_refused(project):
    project.add_protocols("training", "training")
    project.add("intervention/01_weights")

    with pytest.raises(ProtocolError) as fault:
        project.plan()

    what, where, why, fix = str(fault.value).splitlines()
    assert what == "1 intervention has more than one protocol."
    assert where == "  where: tiny.yaml, effects.protocols: training"
    assert why.startswith("  why:   Tables and pages name an effect by its intervention")
    assert fix.startswith("  fix:   keep one of them in this run")


def test_parameters_given_are_the_run_folder_and_the_district(project):
    project.add_three_stations()

    first, part, *_ = project.plan()

    assert first.parameters(project.run_dir) == {"run_dir": str(project.run_dir)}
    assert part.parameters(project.run_dir) == {
        "run_dir": str(project.run_dir),
        "district": "Belfast",
    }


def test_outputs_expand_slug_language_and_the_two_files_of_a_published_table(project):
    project.add(
        "district/01_part",
        writes=[
            "published/curves-{slug}",
            "published/map-{slug}.svg",
            "site/{language}/{slug}.html",
        ],
    )

    unit = project.plan()[0]

    assert unit.outputs == (
        "published/curves-belfast.parquet",
        "published/curves-belfast.json",
        "published/map-belfast.svg",
        "site/sv/belfast.html",
        "site/en/belfast.html",
        "notebooks/district/01_part@belfast.ipynb",
    )


def test_notebooks_without_anything_to_do_are_left_out_and_the_order_is_kept(project):
    project.add("city/00_first")
    project.add("city/01_effects", after=["city/00_first"], needs=["protocols"])
    project.add("city/02_value", after=["city/01_effects"], needs=["protocols", "price_book"])
    project.add("city/03_page", after=["city/02_value"])

    units = {unit.name: unit for unit in project.plan()}

    assert list(units) == ["city/00_first", "city/03_page"]
    assert units["city/03_page"].after == ("city/00_first",)


def test_notebooks_whose_needs_are_given_are_planned(project):
    project.add("city/00_first")
    project.add("city/01_effects", after=["city/00_first"], needs=["protocols"])
    project.add("city/02_value", after=["city/01_effects"], needs=["price_book"])
    project.add("city/03_page", after=["city/02_value"])

    (project.run_file.parent / "protocol.yaml").write_text("protocol: made up\n")
    with project.run_file.open("a") as file:
        file.write("effects: {protocols: [protocol.yaml]}\n")

    units = {unit.name: unit for unit in project.plan()}

    assert list(units) == ["city/00_first", "city/01_effects", "city/03_page"]
    assert units["city/03_page"].after == ("city/01_effects",)


def test_unknown_predecessor_is_refused_with_the_near_name(project):
    project.add("city/00_first")
    project.add("city/01_second", after=["city/00_frist"])

    with pytest.raises(BatchError) as fault:
        project.plan()

    what, where, why, fix = str(fault.value).splitlines()
    assert what == "1 notebook comes after one that does not exist."
    assert (
        where
        == '  where: metadata.evalkit.after: city/01_second after "city/00_frist" (did you mean '
        '"city/00_first"?)'
    )
    assert (
        why
        == "  why:   The order of the units follows from what each notebook says it comes after."
    )
    assert (
        fix == "  fix:   name notebooks by folder and name, without the ending, as in "
        '"district/02_time_on_support".'
    )


def test_circle_is_refused_with_its_members(project):
    project.add("city/00_first", after=["city/01_second"])
    project.add("city/01_second", after=["city/00_first"])

    with pytest.raises(BatchError) as fault:
        project.plan()

    what, where, why, fix = str(fault.value).splitlines()
    assert what == "Notebooks wait for each other in a circle."
    assert "city/00_first -> city/01_second" in where
    assert why == "  why:   None of them could ever start."
    assert fix == "  fix:   take one of these predecessors away."


@pytest.mark.parametrize(
    "path",
    [
        "/etc/x",
        "../x.html",
        "site/../../x",
        "notebooks/x.ipynb",
        "site/{place}.html",
        "site/{slug}.html",
        "published/curves.parquet",
        "published/curves.json",
    ],
)
def test_output_that_a_city_notebook_cannot_have_is_refused(project, path):
    project.add("city/00_first", writes=[path])

    with pytest.raises(BatchError) as fault:
        project.plan()

    assert fault.value.what == "A notebook declares an output that it cannot have."
    assert f'"{path}"' in fault.value.where


def test_output_of_two_units_is_refused(project):
    project.add("district/01_part", writes=["published/part"])

    with pytest.raises(BatchError) as fault:
        project.plan()

    what, where, why, fix = str(fault.value).splitlines()
    assert what == "2 outputs are written by more than one unit."
    assert (
        where == "  where: metadata.evalkit.writes of district/01_part: published/part.parquet, "
        "published/part.json"
    )
    assert why == "  why:   The last unit to finish would decide what the file holds."
    assert (
        fix == "  fix:   give each unit its own file, with {slug} in the names of what each "
        "district or intervention writes."
    )


@pytest.mark.parametrize("districts", [("N.Eastern", "n eastern"), ("All",), ("...",)])
def test_districts_that_share_a_file_name_are_refused(project, districts):
    project.add("district/01_part")
    run = project.prepare()
    run = run.model_copy(update={"params": run.params.model_copy(update={"districts": districts})})

    with pytest.raises(ParameterError) as fault:
        plan_run(run)

    assert fault.value.what == "The districts of a run cannot be told apart."
    assert fault.value.where == f"run file, districts: {', '.join(districts)}"


def test_run_without_districts_is_refused(project):
    project.add("city/00_first")
    project.run_file.write_text(project.run_file.read_text().replace("[Belfast, N.Eastern]", "[]"))

    with pytest.raises(ParameterError) as fault:
        project.plan()

    assert "districts" in fault.value.where
