# SPDX-License-Identifier: Apache-2.0
"""Write files as torch, transformers and Keras write them, into the folder that is named.

Their wheels are too large for every run of the tests, so that this is run by hand, in an environment that holds them:

    python test/real/make_heavy_files.py FOLDER
    node src/cli.ts scan FOLDER/*

scanners/README.md says with which versions, and what was seen.
"""
import os
import pickle
import sys

OUT = sys.argv[1]


def place(name):
    path = os.path.join(OUT, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    return path


def network():
    from torch import nn

    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(144, 4), nn.GELU())


def write_torch():
    """Weights, whole modules, optimizers and schedulers, in both formats."""
    import torch
    from torch import nn

    model = network()
    batch = torch.randn(2, 3, 8, 8)
    optimizer = torch.optim.AdamW(model.parameters())
    model(batch).sum().backward()
    optimizer.step()
    schedulers = torch.optim.lr_scheduler
    values = {
        "weights": model.state_dict(),
        "module": model,
        "transformer": nn.Transformer(16, 2, 1, 1, 32),
        "lstm": nn.LSTM(4, 4, 2),
        "lazy": nn.LazyLinear(3),
        "spectral": nn.utils.spectral_norm(nn.Linear(2, 2)),
        "optimizer": optimizer,
        "step": schedulers.StepLR(optimizer, 1),
        "cycle": schedulers.OneCycleLR(optimizer, 0.1, 10),
        "checkpoint": {"epoch": 3, "model": model.state_dict(), "optimizer": optimizer.state_dict(), "size": batch.shape},
    }
    for name, value in values.items():
        for is_zip in (True, False):
            path = place(f"torch/{name}-{'zip' if is_zip else 'first'}.pt")
            torch.save(value, path, _use_new_zipfile_serialization=is_zip)


def write_tensors():
    """Kinds of tensors and dtypes."""
    import torch
    from torch import nn

    numbers = torch.arange(8).float()
    dtypes = "float16 bfloat16 int8 int64 uint8 bool complex64 float8_e4m3fn float8_e5m2".split()
    values = {
        "dtypes": [numbers.to(getattr(torch, name)) for name in dtypes if hasattr(torch, name)],
        "sparse": [torch.eye(3).to_sparse(), torch.eye(3).to_sparse_csr()],
        "quantised": torch.quantize_per_tensor(numbers, 0.1, 0, torch.qint8),
        "parameter": nn.Parameter(numbers),
        "meta": torch.empty(3, device="meta"),
        "view": numbers[2:5],
        "packed": nn.utils.rnn.pack_sequence([torch.ones(3, 2), torch.ones(2, 2)]),
    }
    for name, value in values.items():
        torch.save(value, place(f"tensors/{name}.pt"))


def write_programs():
    """TorchScript, exported programs and sharded checkpoints."""
    import torch
    import torch.distributed.checkpoint

    model = network().eval()
    batch = torch.randn(1, 3, 8, 8)
    torch.jit.trace(model, batch).save(place("programs/traced.pt"))
    torch.jit.script(model).save(place("programs/scripted.pt"))
    if hasattr(torch, "export"):
        torch.export.save(torch.export.export(model, (batch,)), place("programs/exported.pt2"))


def write_transformers():
    """Models of several architectures in both formats, and what the trainer leaves."""
    import torch
    import transformers

    sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32, "vocab_size": 99}
    models = {
        "bert": transformers.BertForSequenceClassification(transformers.BertConfig(**sizes)),
        "llama": transformers.LlamaForCausalLM(transformers.LlamaConfig(**sizes)),
        "t5": transformers.T5Model(transformers.T5Config(d_model=16, d_kv=8, d_ff=32, num_layers=1, num_heads=2)),
    }
    for name, model in models.items():
        model.save_pretrained(os.path.dirname(place(f"transformers/{name}/x")))
        torch.save(model.state_dict(), place(f"transformers/{name}-bin/pytorch_model.bin"))
        torch.save(model, place(f"transformers/{name}-module.pt"))
    arguments = transformers.TrainingArguments(output_dir=os.path.dirname(place("transformers/trainer/x")), report_to=[])
    torch.save(arguments, place("transformers/trainer/training_args.bin"))


def write_ultralytics():
    """Whole modules, as the trainer keeps them."""
    import torch
    from ultralytics.nn.tasks import DetectionModel

    torch.save({"model": DetectionModel("yolov8n.yaml", verbose=False)}, place("ultralytics/best.pt"))


def write_keras():
    """Models of Keras 3 in its own format, HDF5, SavedModel and TFLite."""
    import keras
    import numpy as np
    import tensorflow as tf
    from keras import layers

    model = keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(4, 3), layers.Flatten(), layers.Dense(2)])
    model.compile("adam", "mse")
    model.fit(np.zeros((4, 8, 8, 3)), np.zeros((4, 2)), verbose=0)
    for extension in ("keras", "h5"):
        model.save(place(f"keras/model.{extension}"))
    model.save_weights(place("keras/model.weights.h5"))
    folder = os.path.dirname(place("keras/saved/x"))
    model.export(folder, verbose=False)
    with open(place("keras/model.tflite"), "wb") as file:
        file.write(tf.lite.TFLiteConverter.from_saved_model(folder).convert())


def write_flax():
    import jax
    import jax.numpy as jnp
    from flax import linen, serialization

    parameters = linen.Dense(3).init(jax.random.PRNGKey(0), jnp.ones((1, 2)))
    with open(place("flax/flax_model.msgpack"), "wb") as file:
        file.write(serialization.to_bytes(parameters))
    with open(place("flax/parameters.pkl"), "wb") as file:
        pickle.dump(parameters, file)


def main():
    for write in (
        write_torch,
        write_tensors,
        write_programs,
        write_transformers,
        write_ultralytics,
        write_keras,
        write_flax,
    ):
        try:
            write()
        except ModuleNotFoundError as missing:
            # torch and TensorFlow are seldom in one environment.
            print(f"{write.__name__}: {missing}", file=sys.stderr)


main()
