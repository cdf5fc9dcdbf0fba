import pytest

from evalkit.batch.plan import plan_run
from evalkit.errors import BatchError, ParameterError


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
    assert units["district/01_part@n-eastern"].district == "N.Eastern"


def test_district_waits_for_its_own_part_only(project):
    project.add("district/01_part")
    project.add("district/02_next", after=["district/01_part"])

    units = {unit.name: unit for unit in project.plan()}

    assert units["district/02_next@belfast"].after == ("district/01_part@belfast",)


def test_parameters_given_are_the_run_folder_and_the_district(project):
    project.add_three_stations()

    first, part, *_ = project.plan()

    assert first.parameters(project.run_dir) == {"run_dir": str(project.run_dir)}
    assert part.parameters(project.run_dir) == {
        "run_dir": str(project.run_dir),
        "district": "Belfast",
    }


def test_outputs_expand_slug_language_and_the_record_of_a_published_table(project):
    project.add(
        "district/01_part",
        writes=["published/curves-{slug}.parquet", "site/{language}/{slug}.html"],
    )

    unit = project.plan()[0]

    assert unit.outputs == (
        "published/curves-belfast.parquet",
        "site/sv/belfast.html",
        "site/en/belfast.html",
        "published/curves-belfast.json",
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
    assert fix == '  fix:   name notebooks as "city/NAME" or "district/NAME", without the ending.'


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
    ],
)
def test_output_that_a_city_notebook_cannot_have_is_refused(project, path):
    project.add("city/00_first", writes=[path])

    with pytest.raises(BatchError) as fault:
        project.plan()

    assert fault.value.what == "A notebook declares an output that it cannot have."
    assert f'"{path}"' in fault.value.where


def test_output_of_two_units_is_refused(project):
    project.add("district/01_part", writes=["published/part.parquet"])

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
        fix == "  fix:   give each unit its own file, with {slug} in the names of district outputs."
    )


@pytest.mark.parametrize("districts", [("N.Eastern", "n eastern"), ("All",), ("...",), ()])
def test_districts_that_share_a_file_name_are_refused(project, districts):
    project.add("district/01_part")
    run = project.prepare()
    run = run.model_copy(update={"params": run.params.model_copy(update={"districts": districts})})

    with pytest.raises(ParameterError) as fault:
        plan_run(run)

    assert fault.value.what in (
        "The districts of a run cannot be told apart.",
        "A run has no districts.",
    )
    assert fault.value.where.startswith("run file, districts: ")
