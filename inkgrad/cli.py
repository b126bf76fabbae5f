"""The command `inkgrad`: parse, call, print. Exit 0 done, 1 a one-line error, 2 wrong usage."""

import io
import json
import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from inkgrad.bench.commands import bench
from inkgrad.errors import Error, needs
from inkgrad.options import Data, Json, Others, Storage, Strokes, Teachers, networks
from inkgrad.progress import track

if TYPE_CHECKING:
    from inkgrad.recipe import Recipe

app = typer.Typer(
    help="Handwritten digits: train with tinygrad, export to one model file, read them in any browser.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(bench, name="bench")

# Commands import what they need when they run: tinygrad and matplotlib take a second that --help should not.


@app.command(
    epilog="Examples: inkgrad data · inkgrad data strokes · inkgrad data --show styles.png --strokes pendigits-orig.tra"
)
def data(
    which: Annotated[Literal["mnist", "strokes"], typer.Argument(help="What to fetch.")] = "mnist",
    show: Annotated[Path | None, typer.Option(help="Write a contact sheet of the writing styles (PNG).")] = None,
    strokes: Strokes = None,
    path: Data = None,
) -> None:
    """Fetch MNIST, or PenDigits' pen strokes, into the user's cache, and say where it is.

    A copy given with --path (MNIST) or --strokes is checked instead.
    """
    from inkgrad import atomic, mnist, unipen

    if show:
        from inkgrad.strokes import sheet

        if strokes is None:
            raise typer.BadParameter("--show draws pen strokes: give them with --strokes")
        png = io.BytesIO()
        sheet(unipen.read(strokes), seed=0).save(png, "PNG")
        atomic.write_bytes(show, png.getvalue())
        print(f"{show}: each digit as its writers write it and in every style")
        return
    if which == "strokes" and path:
        raise typer.BadParameter("--path is a copy of MNIST; one of the pen strokes is given with --strokes")
    if which == "strokes" or strokes:
        samples = unipen.read(file := strokes or unipen.fetch())
        print(f"{file}: {len(samples):,} digits by {len({sample.writer for sample in samples})} writers")
        if path is None:
            return
    images = mnist.load(folder := path or mnist.fetch())
    print(f"{folder}: {len(images.train_images):,} training and {len(images.test_images):,} test images")


@app.command(
    epilog="Examples: inkgrad train mlp · DEV=CUDA inkgrad train cnn --recipe release --strokes pendigits-orig.tra"
)
def train(
    net: Annotated[str | None, typer.Argument(help="mlp, cnn, cnn-small or cnn-tiny; not with --resume.")] = None,
    recipe: Annotated[
        str | None, typer.Option(help="A recipe's name (quick, mnist, release) or a .toml file; quick where not given.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The run folder; runs/NET-RECIPE where not given.")] = None,
    resume: Annotated[Path | None, typer.Option(help="A run folder to go on with.")] = None,
    seed: Annotated[int | None, typer.Option(help="Instead of the recipe's.", min=0)] = None,
    devices: Annotated[int | None, typer.Option(help="That share each batch, instead of the recipe's.", min=1)] = None,
    teacher: Teachers = None,
    strokes: Strokes = None,
    path: Data = None,
) -> None:
    """Train a network into a run folder; a run that was cut off goes on with --resume."""
    if (net is None) == (resume is None):
        raise typer.BadParameter("name a network or a run to --resume, one of the two")
    if resume is not None and (recipe, out, seed, devices) != (None,) * 4:
        raise typer.BadParameter("a run goes on as it began: --resume takes no --recipe, --out, --seed or --devices")
    from dataclasses import replace

    from inkgrad import mnist, unipen
    from inkgrad import run as runs
    from inkgrad import train as training

    if resume is not None:
        folder, chosen = resume, runs.recipe_of(resume)
    else:
        recipe = recipe or "quick"
        chosen = _recipe(str(net), recipe)
        chosen = replace(
            chosen,
            seed=chosen.seed if seed is None else seed,
            devices=chosen.devices if devices is None else devices,
        )
        folder = out or Path("runs") / f"{net}-{Path(recipe).stem}"
    try:
        samples = unipen.read(strokes) if strokes else []
        teachers = [training.teacher(run, chosen) for run in teacher or []]
        last = training.train(chosen, folder, mnist.load(path), samples, teachers, resume is not None)
    except KeyboardInterrupt:
        if not (folder / "recipe.toml").exists():
            raise Error("stopped before the first step; the same command begins again") from None
        given: list[str | Path] = ["--strokes", strokes] if strokes else []
        given += [word for run in teacher or [] for word in ("--teacher", run)] + (["--path", path] if path else [])
        command = shlex.join(map(str, ["inkgrad", "train", "--resume", folder, *given]))
        device = f"DEV={os.environ['DEV']} " if "DEV" in os.environ else ""
        raise Error(f"stopped; go on with: {device}{command}") from None
    print(f"{folder}: {last['test_accuracy']:.2%} of {last['n']:,} test images, {last['seconds']:.0f} s")


@app.command(
    epilog="Examples: inkgrad sweep mlp --trials 60 · on each of several machines: inkgrad sweep cnn --trials 80 "
    "--workers 4 --storage postgresql://USER:PASSWORD@HOST/DATABASE"
)
def sweep(
    net: Annotated[str, typer.Argument(help="mlp, cnn, cnn-small or cnn-tiny.")],
    count: Annotated[int, typer.Option("--trials", min=1, help="Finished trials to have, whoever runs them.")] = 60,
    workers: Annotated[int, typer.Option(min=1, help="Processes here.")] = 1,
    seeds: Annotated[int, typer.Option(min=1, help="Runs a trial, of seeds 0, 1, …; its score is their mean.")] = 3,
    recipe: Annotated[str, typer.Option(help="The recipe that is varied: a name or a .toml file.")] = "quick",
    storage: Storage = None,
    strokes: Strokes = None,
    teacher: Teachers = None,
    path: Data = None,
) -> None:
    """Try variants of a recipe on validation, by design and then by TPE; stopped or killed, the same command goes on.

    The trials' results lie in a database that optuna-dashboard opens too; see also inkgrad report.
    """

    with needs("sweep"):
        from inkgrad.sweep import STORAGE
        from inkgrad.sweep import sweep as search
        from inkgrad.workers import standing
    base = _recipe(net, recipe)
    try:
        study = search(base, count, workers, seeds, storage or STORAGE, strokes, tuple(teacher or ()), path)
    except KeyboardInterrupt:
        raise Error("stopped; the same command goes on") from None
    print(f"{net}: {count} trials, best {standing(study, count)[1]} of validation; inkgrad report tells all")


@app.command(epilog="Examples: inkgrad report · inkgrad report --storage postgresql://USER:PASSWORD@HOST/DATABASE")
def report(storage: Storage = None) -> None:
    """Write what sweeps found into HYPERPARAMETERS.md here, and its figures and trials into sweeps/.

    What stands outside the generated parts is left as it is. Of networks that the storage lacks, the trials
    are those in sweeps/*.jsonl.
    """
    with needs("sweep"):
        from inkgrad import report as reports
        from inkgrad.sweep import STORAGE
    collected = []
    if storage is not None:
        collected = reports.collect(storage)
        if not collected:
            raise Error(f"{storage} holds no finished trial of inkgrad sweep: name another with --storage, or none")
    elif Path(STORAGE.removeprefix("sqlite:///")).exists():
        collected = reports.collect(STORAGE)
    for sweep in collected:
        reports.save(sweep)
    sweeps = reports.read()
    if not sweeps:
        raise Error("there is nothing to report: no trials in sweeps/; run inkgrad sweep first")
    reports.write(sweeps)
    for sweep in sweeps:
        print(f"{reports.TEXT}: {sweep.about['net']}, {len(sweep.trials)} trials")


@app.command(epilog="Example: inkgrad export runs/mlp-quick --out models/mlp.safetensors")
def export(
    run: Annotated[Path, typer.Argument(help="A finished run folder, or a model file, to be compiled again.")],
    out: Annotated[Path | None, typer.Option(help="The model file; models/NET.safetensors where not given.")] = None,
    as_onnx: Annotated[
        bool, typer.Option("--onnx", help="Write the network as ONNX too, beside the model file.")
    ] = False,
    strokes: Strokes = None,
    others: Others = None,
    path: Data = None,
) -> None:
    """Compile a trained network into one model file, measure it through that file and write its card beside it.

    What tells digits from other ink is fitted to a run first, on training images and strokes; then, on validation, the
    temperature and the threshold of "not sure". A model file keeps its own, and its weights.
    """
    from inkgrad import atomic, mnist, unipen
    from inkgrad.evaluate import summary
    from inkgrad.export.digits import read_net
    from inkgrad.others import read as read_others
    from inkgrad.release import beside, release

    # First, because the rest takes minutes.
    with needs("export"):
        import ziglang  # noqa: F401
    if as_onnx:
        with needs("onnx"):
            from inkgrad.export.onnx import to_onnx
    data, samples, unlike = mnist.load(path), unipen.read(strokes) if strokes else [], read_others(others or [])
    asked = [f"--strokes {strokes.name} --unseen"] if strokes else []
    asked += [f"--others {path.name}" for path in others or []]
    model, file = release(run, out, data, samples, unlike, asked, track)
    if as_onnx:
        atomic.write_bytes(beside(model, ".onnx"), to_onnx(read_net(file), file.card))
    print(f"{model}: {model.stat().st_size:,} bytes", *summary(file.card), sep="\n")


@app.command(
    epilog="Examples: inkgrad evaluate models/cnn.safetensors --strokes pendigits-orig.tra --json · "
    "inkgrad evaluate models/cnn.safetensors --plot reliability.png"
)
def evaluate(
    model: Annotated[Path, typer.Argument(help="A model file.")],
    strokes: Strokes = None,
    unseen: Annotated[bool, typer.Option("--unseen", help="Only strokes of writers that training leaves out.")] = False,
    others: Others = None,
    fonts: Annotated[Path | None, typer.Option(help="A font, or a folder of some, whose digits are read too.")] = None,
    path: Data = None,
    plot: Annotated[Path | None, typer.Option(help="Write a reliability diagram (PNG).")] = None,
    as_json: Json = False,
) -> None:
    """Measure a model file, run as a page runs it: MNIST's test set and, with --strokes, drawn strokes and numbers."""
    from inkgrad import atomic, calibration, mnist, unipen
    from inkgrad.evaluate import evaluate as measure
    from inkgrad.evaluate import summary
    from inkgrad.export import modelfile
    from inkgrad.fonts import digits
    from inkgrad.others import read as read_others
    from inkgrad.strokes import split

    if unseen and strokes is None:
        raise typer.BadParameter("--unseen chooses among pen strokes: give them with --strokes")
    file = modelfile.read(model)
    samples = unipen.read(strokes) if strokes else []
    if unseen:
        samples = split(samples)[1]
    unlike = read_others(others or [])
    images = mnist.load(path)
    printed = digits(fonts) if fonts else None
    report = measure(file, images.test_images, images.test_labels, samples, unlike, printed, track)
    print(json.dumps(report) if as_json else "\n".join(summary(report)))
    if plot:
        atomic.write_bytes(plot, calibration.plot(report))


@app.command(epilog="Example: inkgrad predict note.jpg --model models/cnn.safetensors")
def predict(
    image: Annotated[Path, typer.Argument(help="A picture of a number, drawn, scanned or photographed.")],
    model: Annotated[Path, typer.Option(help="A model file.")] = Path("models/cnn.safetensors"),
    as_json: Json = False,
) -> None:
    """Read the number in a picture, from left to right."""
    from math import prod

    from inkgrad import picture
    from inkgrad.export import modelfile
    from inkgrad.reader import Reader

    ink, scale = picture.read(image)
    digits = Reader(modelfile.read(model)).read_picture(ink)
    if not digits:
        raise Error(f"{image} is blank: no ink stands out from the paper")
    text = "".join(str(digit.digit) if digit.sure else "?" for digit in digits)
    if as_json:
        print(json.dumps({"text": text, "digits": [digit.as_json(scale) for digit in digits]}))
    else:
        print(f"{text} ({prod(float(digit.probabilities.max()) for digit in digits):.1%})")


@app.command(epilog="Examples: inkgrad tune cnn · inkgrad tune --webgpu")
def tune(
    nets: Annotated[
        list[str] | None, typer.Argument(help="Networks whose kernels are tuned; all where not given.")
    ] = None,
    webgpu: Annotated[bool, typer.Option("--webgpu", help="For WebGPU, in Node with Dawn.")] = False,
) -> None:
    """Find the kernel options that are fastest on WebAssembly, for the exporter's table (minutes a network).

    Kernels that the table has are left as they are, but where all networks are tuned, what none has any more goes; what
    was found stays when stopped. With --webgpu, on this machine's adapter: a GPU, or WebGPU in software (as `inkgrad
    bench gpu`).
    """
    from functools import partial
    from itertools import chain

    from inkgrad.export.capture import TABLE
    from inkgrad.export.digits import untrained
    from inkgrad.export.tune import V8, extend, prune
    from inkgrad.nets import NETS

    chosen, engine = networks(nets, NETS), V8
    if webgpu:
        from inkgrad.bench.webgpu import engine as adapter

        engine = adapter()
    functions = {
        net: [f for f in untrained(net).values() if engine.target != "fallback" or f.fallback] for net in chosen
    }
    for net in chosen:
        table = extend(functions[net], engine, partial(track, description=net))
    if not nets:
        table = prune(chain.from_iterable(functions.values()), engine)
    tuned = sum(options is not None for options in table.values())
    print(f"{TABLE}, {engine.target}: {tuned} of {len(table)} kernels are tuned")


@app.command(epilog="Examples: inkgrad serve · inkgrad serve --host 0.0.0.0 --port 8080")
def serve(
    port: Annotated[int, typer.Option(help="The port; 0 takes one that is free.")] = 8000,
    host: Annotated[str, typer.Option(help="The address: 0.0.0.0 lets other machines in.")] = "127.0.0.1",
) -> None:
    """Serve the built page, to this machine alone unless --host says otherwise."""
    from inkgrad.serve import server

    with server(port, host=host) as httpd:
        name = "localhost" if host == "127.0.0.1" else host
        print(f"inkgrad is at http://{name}:{httpd.server_port}/ (Ctrl-C stops it)", flush=True)
        try:
            httpd.serve_forever()
        except KeyboardInterrupt:
            print()


def _recipe(net: str, name: str) -> "Recipe":
    """The recipe of `net` that comes with inkgrad under this name, or lies at this path."""
    from inkgrad import recipe as recipes

    chosen = recipes.read(Path(name)) if name.endswith(".toml") else recipes.load(net, name)
    if chosen.net != net:
        raise Error(f"{name} is a recipe for {chosen.net}, not for {net}")
    return chosen


def main() -> None:
    try:
        try:
            app()
        finally:
            sys.stdout.flush()
    except Error as error:
        sys.exit(_complain(str(error)))
    except BrokenPipeError:
        sys.exit(_silenced())
    except OSError as error:
        sys.exit(_silenced() and _complain(f"{error.filename or 'the output'}: {error.strerror or error}"))


def _complain(line: str) -> int:
    print(f"inkgrad: {line}", file=sys.stderr)
    return 1


def _silenced() -> int:
    """Nobody takes the output: without this Python would try again to write what it holds of it, and complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1
