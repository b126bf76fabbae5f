"""The commands `inkgrad bench …`: parse, call, print."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from inkgrad.errors import needs
from inkgrad.options import Data, Json, networks
from inkgrad.progress import track


def _beam() -> str:
    """How a command begins that had tinygrad search for kernel options."""
    from tinygrad.helpers import BEAM

    return f"BEAM={BEAM.value} " if BEAM else ""


class _Bench(TyperGroup):
    """Whose command is `browser` where none is named."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        named = args and args[0] in (*self.commands, *ctx.help_option_names)
        return super().parse_args(ctx, args if named else ["browser", *args])


bench = typer.Typer(
    cls=_Bench,
    rich_markup_mode=None,
    help="Measure inkgrad beside others: model files in the browser, where nothing else is named, and training.",
    epilog="Examples: inkgrad bench models/mlp.safetensors · inkgrad bench train · inkgrad bench speedrun",
)
Out = Annotated[Path, typer.Option(help="The folder for what was measured.")]
RESULTS = Path("bench/results")
Models = Annotated[list[Path] | None, typer.Argument(help="Model files; models/mlp and models/cnn where not given.")]
MODELS = [Path("models/mlp.safetensors"), Path("models/cnn.safetensors")]


@bench.command(epilog="Example: inkgrad bench browser models/mlp.safetensors --images 1000")
def browser(
    models: Models = None,
    calls: Annotated[int, typer.Option(min=20, help="Calls of one picture for each system.")] = 200,
    images: Annotated[int, typer.Option(min=1, help="Pictures read many at once, ten times over.")] = 10_000,
    out: Out = RESULTS,
    path: Data = None,
    as_json: Json = False,
) -> None:
    """Measure model files in the browser, side by side with other runtimes that run the same weights.

    `make bench` installs these and builds their pages first.
    """
    from inkgrad import mnist
    from inkgrad.bench.report import markdown, save
    from inkgrad.export import modelfile

    with needs("bench"):
        from inkgrad.bench.browser import measure
    pictures = mnist.load(path).test_images
    results = []
    for model in models or MODELS:
        command = f"inkgrad bench {model} --calls {calls} --images {images}"
        result = {"command": command, **measure(model.stem, modelfile.read(model), pictures, calls, images, track)}
        stem = save(model.stem, result, out)
        results.append(result)
        if not as_json:
            print(f"{markdown(result)}\n{stem}.json, .md and .png")
    if as_json:
        print(json.dumps(results))


@bench.command(epilog="Example: inkgrad bench growth models/mlp.safetensors")
def growth(
    model: Annotated[Path, typer.Argument(help="A model file.")] = Path("models/cnn.safetensors"),
    out: Out = RESULTS,
    path: Data = None,
    as_json: Json = False,
) -> None:
    """Measure how time grows: with pictures at once, and with digits and strokes on the built page (`make build`)."""
    from inkgrad import mnist
    from inkgrad.export import modelfile

    with needs("bench"):
        from inkgrad.bench.growth import measure, save
    pictures = mnist.load(path).test_images
    result = measure(model.stem, modelfile.read(model), pictures, track)
    stem = save({"command": f"inkgrad bench growth {model}", **result}, out)
    print(json.dumps(result) if as_json else f"{stem}.json and .png")


@bench.command(epilog="Example: inkgrad bench gpu models/mlp.safetensors models/cnn.safetensors")
def gpu(
    models: Models = None,
    calls: Annotated[int, typer.Option(min=20, help="Calls of one picture for each backend.")] = 400,
    out: Out = RESULTS,
    as_json: Json = False,
) -> None:
    """Measure model files on this machine's own GPU, in Node with Dawn, which takes the place of a browser.

    `make bench` builds the script. On Linux it wants a Vulkan driver, its loader, and XDG_RUNTIME_DIR.
    """
    from inkgrad.bench.gpu import markdown, measure
    from inkgrad.bench.report import write
    from inkgrad.export import modelfile

    results = []
    for model in models or MODELS:
        modelfile.read(model)  # else Node would say that it cannot
        results.append({"command": f"inkgrad bench gpu {model} --calls {calls}", **measure(model, calls)})
        table = markdown(results[-1])
        stem = write(f"gpu {model.stem} {results[-1]['machine']['adapter']}", results[-1], table, out)
        if not as_json:
            print(f"{table}\n{stem}.json and .md")
    if as_json:
        print(json.dumps(results))


@bench.command("train", epilog="Examples: inkgrad bench train · DEV=CUDA inkgrad bench train cnn --batch 512 --json")
def bench_train(
    nets: Annotated[list[str] | None, typer.Argument(help="Networks; mlp and cnn where not given.")] = None,
    batch: Annotated[list[int] | None, typer.Option(min=1, max=60_000, help="Images a step; repeatable.")] = None,
    out: Out = RESULTS,
    path: Data = None,
    as_json: Json = False,
) -> None:
    """Measure a step of training beside PyTorch's, eager and compiled, on the device at hand (DEV chooses).

    256 images a step where no batch is given; of several, a plot too.
    """
    from inkgrad import atomic, mnist
    from inkgrad.bench.report import write
    from inkgrad.bench.train import about, markdown, measure, plot

    chosen = networks(nets, ["mlp", "cnn"])
    with needs("torch"):
        machine = about()
    data = mnist.load(path)
    batches = sorted({*(batch or [256])})
    command = " ".join([f"{_beam()}inkgrad bench train", *chosen, *(f"--batch {size}" for size in batches)])
    found = [result for net in chosen for size in batches for result in measure(net, data, size, track)]
    result = {"command": command, **machine, "nets": found}
    stem = write(f"train {machine['hardware']} {_beam()}".strip(), result, table := markdown(result), out)
    if len(batches) > 1:
        atomic.write_bytes(stem.with_suffix(".png"), plot(result))
    print(json.dumps(result) if as_json else f"{table}\n{stem}.json and .md")


@bench.command("sweep", epilog="Example: inkgrad bench sweep --trials 12 --workers 1 --workers 2")
def bench_sweep(
    trials: Annotated[int, typer.Option(min=1, help="Trials of each sweep.")] = 8,
    workers: Annotated[list[int] | None, typer.Option(min=1, help="1, 2 and 4 where not given; repeatable.")] = None,
    out: Out = RESULTS,
    path: Data = None,
    as_json: Json = False,
) -> None:
    """Measure how many trials a minute so many workers finish: whole sweeps, their start and compilation included."""
    from inkgrad.bench.report import write

    with needs("sweep"):
        from inkgrad.bench.sweep import markdown, measure, plot
    from inkgrad import atomic

    counts = sorted({*(workers or [1, 2, 4])})
    command = " ".join([f"inkgrad bench sweep --trials {trials}", *(f"--workers {count}" for count in counts)])
    result = {"command": command, **measure(counts, trials, path)}
    stem = write(f"sweep {result['hardware']}", result, table := markdown(result), out)
    atomic.write_bytes(stem.with_suffix(".png"), plot(result))
    print(json.dumps(result) if as_json else f"{table}\n{stem}.json, .md and .png")


@bench.command(epilog="Examples: inkgrad bench speedrun · DEV=CUDA inkgrad bench speedrun --runs 100 --json")
def speedrun(
    runs: Annotated[int, typer.Option(min=1, help="Whole trainings, each with a seed of its own.")] = 30,
    target: Annotated[float, typer.Option(min=0, max=1, help="The accuracy to reach.")] = 0.99,
    recipe: Annotated[Path | None, typer.Option(help="A .toml file; the one for this device where not given.")] = None,
    out: Out = RESULTS,
    path: Data = None,
    as_json: Json = False,
) -> None:
    """Measure how long training takes to 99 % of MNIST's test set, from data in memory and compiled kernels."""
    from inkgrad import mnist
    from inkgrad import recipe as recipes
    from inkgrad.bench.report import write
    from inkgrad.bench.speedrun import markdown, measure, standard

    chosen = recipes.read(recipe) if recipe else standard()
    command = f"{_beam()}inkgrad bench speedrun --runs {runs}{f' --recipe {recipe}' if recipe else ''}"
    command += "" if target == 0.99 else f" --target {target}"
    result = {"command": command, **measure(chosen, mnist.load(path), runs, target, track)}
    stem = write(f"speedrun {result['hardware']} {_beam()}".strip(), result, table := markdown(result), out)
    print(json.dumps(result) if as_json else f"{table}\n{stem}.json and .md")
