"""Train the network of skin textures on synthetic people.

    python experiments/02_au_model/skin.py TRAIN -o skin.npz

Seven minutes of one core for 420 people, of whom TRAIN has to have some more to watch.
A frame is judged by how its numbers differ from those of the same person at rest. What
sets photographs apart from renders is drawn anew each time: blur, noise, light, gamma,
and a mesh that is a texel or two off.
"""

import argparse
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402
import optax  # noqa: E402
from correlation import pooled_and_within  # noqa: E402
from faces import Faces  # noqa: E402
from flax import nnx  # noqa: E402
from textures import HEIGHT, WIDTH, SkinNetwork, evened, halves, texture_of  # noqa: E402

from genface.facs import AU_NAMES  # noqa: E402
from genface.files import read_npz, write_npz  # noqa: E402
from genface.nets.au_appearance import bilinear  # noqa: E402
from genface.nets.au_model import load_au_model  # noqa: E402

PEOPLE, RATE, DECAY = 8, 2e-3, 1e-3  # of a batch; of AdamW


def train(faces: Faces, people, epochs: int, seed: int, watch):
    """A network trained on these people; ``watch`` is called after each epoch."""
    inside = texture_of(load_au_model().average).inside
    frames = faces.frame.max() + 1
    rows = np.array([np.flatnonzero(faces.person == p) for p in people])
    textures = jnp.asarray(faces.texture)
    labels = np.clip(faces.aus, 0, 1).astype(np.float32)
    scale = labels[rows[:, 1:].ravel()].reshape(-1, labels.shape[1]).std(0)
    labels = jnp.asarray(labels)
    network = SkinNetwork(labels.shape[1], nnx.Rngs(seed))
    steps = len(people) // PEOPLE
    rate = optax.warmup_cosine_decay_schedule(0, RATE, steps, epochs * steps)
    optimizer = nnx.Optimizer(
        network, optax.adamw(rate, weight_decay=DECAY), wrt=nnx.Param
    )

    @nnx.jit
    def step(network, optimizer, batch, key):
        pictures = changed(textures[batch], key)
        ready = evened(pictures.reshape(-1, HEIGHT, WIDTH), inside)
        true = labels[batch][:, 1:]

        def loss(network):
            found = network(halves(ready)).reshape(len(batch), frames, 2, -1)
            apart = found[:, 1:] - found[:, :1]
            error = (apart.swapaxes(2, 3) - true) / scale[:, None]
            return jnp.square(error).mean()

        value, slope = nnx.value_and_grad(loss)(network)
        optimizer.update(network, slope)
        return value

    rng, key = np.random.default_rng(seed), jax.random.key(seed)
    for epoch in range(epochs):
        order = rng.permutation(len(rows))[: steps * PEOPLE].reshape(steps, PEOPLE)
        values = []
        for chosen in order:
            key, own = jax.random.split(key)
            values.append(step(network, optimizer, jnp.asarray(rows[chosen]), own))
        print(f"epoch {epoch}: loss {np.mean(jax.device_get(values)):.3f}, "
              f"{time.process_time():.0f} s", flush=True)  # fmt: skip
        watch(network)
    return network


def changed(textures: jax.Array, key: jax.Array) -> jax.Array:
    """Textures (P, F, H, W) of P people as other cameras and meshes would give them."""
    people, frames = textures.shape[:2]
    keys = iter(jax.random.split(key, 12))
    x = textures.astype(jnp.float32) / 255

    def draw(shape, low, high):
        return jax.random.uniform(next(keys), shape, minval=low, maxval=high)

    x = jnp.power(x, jnp.exp(draw((people, 1, 1, 1), -0.5, 0.5)))
    # One camera is as sharp as it is; its light moves a little with the head.
    soft = draw((people, 1, 1, 1), 0.0, 1.0)
    soft = jnp.clip(soft + draw((people, frames, 1, 1), -0.15, 0.15), 0, 1)
    x = x + soft * (_soft(_soft(x)) - x)
    y, z = jnp.linspace(-1, 1, HEIGHT)[:, None], jnp.linspace(-1, 1, WIDTH)
    slope = draw((2, people, frames, 1, 1), -0.25, 0.25)
    x = x * (1 + slope[0] * y + slope[1] * z) * draw((people, frames, 1, 1), 0.8, 1.2)
    x = _moved(x.reshape(-1, HEIGHT, WIDTH), next(keys)).reshape(x.shape)
    noise = jax.random.normal(next(keys), x.shape) * draw((people, 1, 1, 1), 0, 0.03)
    return 255 * jnp.clip(x + noise, 0, 1)


def scores(network, textures) -> np.ndarray:
    """Numbers (n, 2, A) of the subject's right and left."""
    inside = texture_of(load_au_model().average).inside

    @nnx.jit
    def made(network, some):
        return network(halves(evened(some.astype(jnp.float32), inside)))

    found = [
        np.asarray(made(network, jnp.asarray(textures[i : i + 256])))
        for i in range(0, len(textures), 256)
    ]
    return np.concatenate(found).reshape(len(textures), 2, -1)


def _soft(x: jax.Array) -> jax.Array:
    """Blurred by 1 2 1 twice in both directions."""
    for axis in (-1, -2):
        for _ in range(2):
            sides = jnp.roll(x, 1, axis) + jnp.roll(x, -1, axis)
            x = (2 * x + sides) / 4
    return x


def _moved(x: jax.Array, key: jax.Array) -> jax.Array:
    """Shifted and stretched by a texel or two."""
    a, b = jax.random.split(key)
    shift = 0.8 * jax.random.normal(a, (len(x), 1, 1, 2))
    scale = 1 + 0.015 * jax.random.normal(b, (len(x), 1, 1, 2))
    grid = jnp.stack(jnp.meshgrid(jnp.arange(WIDTH), jnp.arange(HEIGHT)), -1)
    middle = jnp.array([WIDTH, HEIGHT]) / 2
    places = (grid - middle) * scale + middle + shift
    return jax.vmap(bilinear)(x[..., None], places)[..., 0]


def read(path: Path) -> SkinNetwork:
    """The network that :func:`main` wrote."""
    network = SkinNetwork(len(AU_NAMES), nnx.Rngs(0))
    state = nnx.state(network, nnx.Param)
    arrays = [jnp.asarray(array) for array in read_npz(path).values()]
    nnx.update(network, jax.tree.unflatten(jax.tree.structure(state), arrays))
    return network


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, metavar="TRAIN")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--people", type=int, default=420, help="trained on")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    faces = Faces.read(given.folder)
    rows = faces.owner >= given.people

    def watch(network):
        arrays = jax.tree.leaves(nnx.state(network, nnx.Param))
        write_npz(
            given.output, {f"{k:02d}": np.asarray(a) for k, a in enumerate(arrays)}
        )
        found = scores(network, faces.texture).mean(1)
        apart = (found[faces.moving] - found[faces.rest])[rows]
        result = pooled_and_within(apart, faces.labels[rows], faces.owner[rows])
        cells = (f"{n[2:]} {r:.2f}" for n, r in zip(AU_NAMES, result[1], strict=True))
        print("  others, within people:", *cells, flush=True)

    people = np.unique(faces.person)
    train(faces, people[people < given.people], given.epochs, given.seed, watch)


if __name__ == "__main__":
    main()
