"""Parameters after each of 20 given gradients, clipped gradients and learning rates, from PyTorch:
tests/optim/oracles/optimizers.json.

Optimizer cases: inputs `parameter` [5] and `gradients` [20, 5], output `parameters` [20, 5], those after each step.
Coordinate 2 never gets a gradient, 3 every fourth step, 4 large ones. A `params.lr` that changes by the step is a list.
Clipping cases: gradients in, clipped gradients and their norm before clipping out.
Schedule cases (op "schedule_..."): `lr` [steps], the rate that step t = 0, 1, ... uses; `params.formula` defines it.
"""

import math

import numpy
import torch

from common import CaseFile, on_grid

STEPS = 20

file = CaseFile("tests/optim/oracles/optimizers.json")


def problem():
    rng = numpy.random.default_rng(11)
    gradients = on_grid(rng.standard_normal((STEPS, 5)))
    gradients[:, 2] = 0
    gradients[numpy.arange(STEPS) % 4 != 1, 3] = 0
    gradients[:, 4] *= 64
    return {"parameter": [0.5, -1.25, 2.0, -0.75, 3.0], "gradients": gradients}


PROBLEM = problem()


def optimizer(name, op, make, params, lr_per_step=None):
    """params goes to PyTorch's optimizer as it is, but for `l1`: l1 * sign(parameter) is added to the gradient."""
    params = dict(params)
    l1 = params.get("l1", 0.0)
    p = torch.tensor(PROBLEM["parameter"], requires_grad=True)
    stepper = make([p], **{key: value for key, value in params.items() if key != "l1"})
    if lr_per_step:
        params["lr"] = lr_per_step
    history = []
    for step, gradient in enumerate(torch.tensor(PROBLEM["gradients"])):
        p.grad = gradient + l1 * torch.sign(p.detach())
        if lr_per_step:
            stepper.param_groups[0]["lr"] = lr_per_step[step]
        stepper.step()
        history.append(p.detach().numpy().copy())
    file.add_values(name, op, params, PROBLEM, {"parameters": numpy.stack(history)})


def optimizers():
    def each(op, make, base, variants):
        for label, change in variants.items():
            optimizer(f"{op}_{label}" if label else op, op, make, base | change)

    sgd, decay = torch.optim.SGD, {"weight_decay": 0.1}
    each("sgd", sgd, {"lr": 0.1}, {"": {}, "small_lr": {"lr": 0.003}, "weight_decay": decay, "l1": {"l1": 0.05}})
    momentum = {"lr": 0.02, "momentum": 0.9, "dampening": 0.0, "nesterov": False}
    each("momentum", sgd, momentum, {"": {}, "0.5": {"momentum": 0.5}, "weight_decay": decay})
    each("nesterov", sgd, momentum | {"nesterov": True}, {"": {}, "0.5": {"momentum": 0.5}, "weight_decay": decay})
    adagrad = {"lr": 0.1, "lr_decay": 0.0, "initial_accumulator_value": 0.0, "eps": 1e-10}
    each("adagrad", torch.optim.Adagrad, adagrad, {
        "": {}, "large_eps": {"eps": 0.1}, "initial": {"initial_accumulator_value": 0.5}, "weight_decay": decay,
    })
    adadelta = {"lr": 1.0, "rho": 0.9, "eps": 1e-6}
    each("adadelta", torch.optim.Adadelta, adadelta, {
        "": {}, "rho_0.95": {"rho": 0.95, "lr": 0.5}, "large_eps": {"eps": 0.01}, "weight_decay": decay,
    })
    rmsprop = {"lr": 0.01, "alpha": 0.99, "eps": 1e-8, "momentum": 0.0}
    each("rmsprop", torch.optim.RMSprop, rmsprop, {
        "": {}, "alpha_0.9": {"alpha": 0.9}, "large_eps": {"eps": 0.1}, "momentum": {"momentum": 0.9},
        "weight_decay": decay,
    })
    adam = {"lr": 0.01, "betas": [0.9, 0.999], "eps": 1e-8}
    each("adam", torch.optim.Adam, adam, {
        "": {}, "betas": {"betas": [0.8, 0.95], "lr": 0.05}, "no_momentum": {"betas": [0.0, 0.9]},
        "large_eps": {"eps": 0.1}, "weight_decay": decay, "l1": {"l1": 0.05},
    })
    each("adamw", torch.optim.AdamW, adam | {"weight_decay": 0.01}, {
        "": {}, "strong_decay": {"weight_decay": 0.5, "lr": 0.1}, "no_decay": {"weight_decay": 0.0},
        "betas": {"betas": [0.8, 0.95]},
    })

    # The rate stays outside the momentum buffer, which shows only when it changes.
    rates = [0.02 * 0.8**step for step in range(STEPS)]
    optimizer("momentum_changing_lr", "momentum", sgd, momentum, rates)
    optimizer("nesterov_changing_lr", "nesterov", sgd, momentum | {"nesterov": True}, rates)
    optimizer("adam_changing_lr", "adam", torch.optim.Adam, adam, rates)


def clipping():
    """clip_norm: g * min(1, max_norm / norm) over all tensors at once. clip_norm_torch, PyTorch's own, divides by
    norm + 1e-6 instead."""
    rng = numpy.random.default_rng(7)
    large = [on_grid(rng.standard_normal((2, 3))), on_grid(rng.standard_normal(4))]
    for label, gradients, max_norm in [
        ("above", large, 1.0), ("far_above", [1000 * g for g in large], 0.5), ("below", large, 100.0),
        ("zero", [numpy.zeros((2, 3)), numpy.zeros(4)], 1.0),
    ]:
        inputs = {f"g{i}": gradient for i, gradient in enumerate(gradients)}
        parameters = [torch.zeros(g.shape, requires_grad=True) for g in gradients]
        for parameter, gradient in zip(parameters, gradients):
            parameter.grad = torch.tensor(gradient)
        norm = torch.nn.utils.clip_grad_norm_(parameters, max_norm)
        clipped = {f"g{i}": parameter.grad for i, parameter in enumerate(parameters)}
        file.add_values(f"clip_norm_torch_{label}", "clip_norm_torch", {"max_norm": max_norm}, inputs,
                        clipped | {"norm": norm})
        factor = min(1.0, max_norm / norm) if norm > 0 else 1.0
        exact = {key: factor * gradient for key, gradient in inputs.items()}
        file.add_values(f"clip_norm_{label}", "clip_norm", {"max_norm": max_norm}, inputs, exact | {"norm": norm})

    parameter = torch.zeros(6, requires_grad=True)
    gradient = [-3.0, -0.5, -0.25, 0.0, 0.125, 40.0]
    parameter.grad = torch.tensor(gradient)
    torch.nn.utils.clip_grad_value_([parameter], 0.5)
    file.add_values("clip_value", "clip_value", {"max_value": 0.5}, {"g0": gradient}, {"g0": parameter.grad})


def scheduled(make, lr):
    stepper = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=lr)
    return stepper, make(stepper)


def schedules():
    scheduler = torch.optim.lr_scheduler

    def add(name, op, formula, params, steps, make):
        stepper, schedule = scheduled(make, params["lr"])
        rates = []
        for _ in range(steps):
            rates.append(stepper.param_groups[0]["lr"])
            stepper.step()
            schedule.step()
        file.add_values(name, op, params | {"formula": formula, "steps": steps}, {}, {"lr": rates})

    add("schedule_constant", "schedule_constant", "lr", {"lr": 0.1}, 5,
        lambda o: scheduler.ConstantLR(o, factor=1.0))
    for size, gamma in [(5, 0.1), (3, 0.5), (1, 0.9)]:
        add(f"schedule_step_{size}_{gamma}", "schedule_step", "lr * gamma^floor(t / step_size)",
            {"lr": 0.1, "step_size": size, "gamma": gamma}, 16,
            lambda o: scheduler.StepLR(o, size, gamma))
    for gamma in [0.95, 0.5]:
        add(f"schedule_exponential_{gamma}", "schedule_exponential", "lr * gamma^t", {"lr": 0.2, "gamma": gamma}, 12,
            lambda o: scheduler.ExponentialLR(o, gamma))

    def cosine(t, lr, low, total):
        return low + (lr - low) * (1 + math.cos(math.pi * t / total)) / 2

    for total, low in [(20, 0.0), (20, 0.01), (7, 0.001)]:
        add(f"schedule_cosine_{total}_{low}", "schedule_cosine",
            "min_lr + (lr - min_lr) * (1 + cos(pi * t / total_steps)) / 2",
            {"lr": 0.1, "min_lr": low, "total_steps": total}, total,
            lambda o: scheduler.CosineAnnealingLR(o, total, low))
        closed = [cosine(t, 0.1, low, total) for t in range(total)]
        assert numpy.allclose(file.cases[-1]["outputs"]["lr"]["data"], closed, rtol=1e-12)

    # Linear warm-up reaches lr on its last step, t = warmup_steps - 1, and the cosine starts from lr.
    for total, warmup, low in [(20, 2, 0.0), (20, 5, 0.01), (10, 1, 0.0), (10, 0, 0.0)]:
        ramp = lambda t: (t + 1) / warmup
        wave = lambda t: cosine(t - warmup, 0.1, low, total - warmup) / 0.1
        add(f"schedule_warmup_cosine_{total}_{warmup}_{low}", "schedule_warmup_cosine",
            "t < warmup_steps: lr * (t + 1) / warmup_steps; then min_lr + (lr - min_lr) * "
            "(1 + cos(pi * (t - warmup_steps) / (total_steps - warmup_steps))) / 2",
            {"lr": 0.1, "min_lr": low, "total_steps": total, "warmup_steps": warmup}, total,
            lambda o: scheduler.LambdaLR(o, lambda t: ramp(t) if t < warmup else wave(t)))
    add("schedule_warmup_constant", "schedule_warmup_constant",
        "t < warmup_steps: lr * (t + 1) / warmup_steps; then lr", {"lr": 0.1, "warmup_steps": 4}, 8,
        lambda o: scheduler.LambdaLR(o, lambda t: min(1, (t + 1) / 4)))


def plateau():
    """`lr` [epochs] is the rate after each epoch's metric has been seen, the one the next epoch uses."""
    falling = [1.0, 0.8, 0.7, 0.69, 0.7, 0.71, 0.69, 0.7, 0.7, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6]
    slight = [1.0, 0.5, 0.485, 0.477, 0.476, 0.4755, 0.471, 0.47, 0.469, 0.463, 0.462, 0.461]
    rising = [0.5, 0.6, 0.6, 0.59, 0.6, 0.58, 0.7, 0.7, 0.7, 0.7, 0.7]
    base = {
        "lr": 0.1, "mode": "min", "factor": 0.5, "patience": 2, "threshold": 1e-4, "threshold_mode": "rel",
        "cooldown": 0, "min_lr": 0.0,
    }
    formula = (
        "an epoch is better if metric < best * (1 - threshold) (rel) or best - threshold (abs), mirrored for max; "
        "after more than `patience` epochs in a row that are not, lr = max(lr * factor, min_lr), counting starts anew, "
        "and `cooldown` epochs are not counted"
    )
    for label, metrics, change in [
        ("falling", falling, {}), ("patience_0", falling, {"patience": 0}), ("factor", falling, {"factor": 0.1}),
        ("min_lr", falling, {"min_lr": 0.04}), ("cooldown", falling, {"cooldown": 3}),
        ("threshold_rel", slight, {"threshold": 0.02}),
        ("threshold_abs", slight, {"threshold": 0.02, "threshold_mode": "abs"}),
        ("max", rising, {"mode": "max"}),
    ]:
        params = base | change
        options = {key: value for key, value in params.items() if key != "lr"}
        make = lambda o: torch.optim.lr_scheduler.ReduceLROnPlateau(o, **options)
        stepper, schedule = scheduled(make, params["lr"])
        rates = []
        for metric in metrics:
            schedule.step(metric)
            rates.append(stepper.param_groups[0]["lr"])
        params["formula"] = formula
        file.add_values(f"schedule_plateau_{label}", "schedule_plateau", params, {"metric": metrics}, {"lr": rates})


for family in [optimizers, clipping, schedules, plateau]:
    family()
file.write()
