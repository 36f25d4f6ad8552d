"""Pictures as networks were trained on them: resized, with ImageNet's mean and spread.

Whoever cuts the faces out is :mod:`genface.geometry.box_crops`.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

# Of the training set's red, green and blue in 0-1 (torchvision's numbers).
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@jax.jit
def normalised(pictures: jax.Array) -> jax.Array:
    """RGB (..., 3) in 0-1 to mean 0 and variance 1 over ImageNet."""
    mean, spread = (np.array(x, np.float32) for x in (IMAGENET_MEAN, IMAGENET_STD))
    return (pictures - mean) / spread


@partial(jax.jit, static_argnames=("size", "antialias"))
def resized(pictures: jax.Array, size: int, antialias: bool = False) -> jax.Array:
    """Pictures (N, H, W, C) to (N, size, size, C), bilinearly between pixel centres.

    With ``antialias`` a smaller picture averages all that its pixels cover; without,
    it reads the nearest four as torch's ``interpolate`` does.
    """
    shape = (len(pictures), size, size, pictures.shape[-1])
    return jax.image.resize(pictures, shape, "bilinear", antialias)


def multitask_inputs(chips: jax.Array) -> jax.Array:
    """Faces (N, 256, 256, 3) in 0-1 to what face_multitask takes (N, 224, 224, 3)."""
    return normalised(resized(jnp.asarray(chips, jnp.float32), 224, antialias=True))
