"""Makes schedule.txt: the rates of PyTorch's learning-rate schedulers, in f64.

To rerun, with PyTorch from PyPI (`pip install torch`):

    python tests/golden/schedule.py

The version used is written into the file. Another version or processor may change the last digits.
"""
import math

import torch
from torch.optim import lr_scheduler as s

from writer import Golden

STEPS = 100
RATE = 0.4

HEAD = """
The rate of each of 100 steps (of fewer, where the schedule ends or repeats itself in another way), from a rate of 0.4:

    NAME [100]              the rate used in each step
    plateau.NAME.metric     what ReduceLROnPlateau was given after each step
    plateau.NAME            the rate after each step
"""


def rates(make, steps=STEPS):
    weight = torch.nn.Parameter(torch.zeros(()))
    opt = torch.optim.SGD([weight], lr=RATE)
    schedule = make(opt)
    found = []
    for _ in range(steps):
        found.append(float(opt.param_groups[0]["lr"]))
        opt.step()
        schedule.step()
    return found


CASES = [
    # name, scheduler, steps
    ("constant", lambda o: s.ConstantLR(o, factor=0.3, total_iters=7)),
    ("step", lambda o: s.StepLR(o, step_size=30, gamma=0.1)),
    ("step_7", lambda o: s.StepLR(o, step_size=7, gamma=0.85)),
    ("multi_step", lambda o: s.MultiStepLR(o, milestones=[10, 45, 80], gamma=0.3)),
    ("multi_step_unordered", lambda o: s.MultiStepLR(o, milestones=[50, 20, 20], gamma=0.5)),
    ("linear", lambda o: s.LinearLR(o, start_factor=1.0, end_factor=0.1, total_iters=60)),
    ("linear_up", lambda o: s.LinearLR(o, start_factor=1 / 3, end_factor=1.0, total_iters=5)),
    ("polynomial", lambda o: s.PolynomialLR(o, total_iters=60, power=1.0)),
    ("polynomial_power", lambda o: s.PolynomialLR(o, total_iters=90, power=2.5)),
    ("exponential", lambda o: s.ExponentialLR(o, gamma=0.97)),
    ("cosine", lambda o: s.CosineAnnealingLR(o, T_max=100)),
    ("cosine_floor", lambda o: s.CosineAnnealingLR(o, T_max=100, eta_min=0.04)),
    ("restarts", lambda o: s.CosineAnnealingWarmRestarts(o, T_0=15)),
    ("restarts_growing", lambda o: s.CosineAnnealingWarmRestarts(o, T_0=7, T_mult=2, eta_min=0.02)),
    ("one_cycle", lambda o: s.OneCycleLR(o, max_lr=RATE, total_steps=100, cycle_momentum=False)),
    ("one_cycle_settings", lambda o: s.OneCycleLR(o, max_lr=RATE, total_steps=100, pct_start=0.45, anneal_strategy="linear", div_factor=10, final_div_factor=50, cycle_momentum=False)),
    ("one_cycle_three", lambda o: s.OneCycleLR(o, max_lr=RATE, total_steps=100, pct_start=0.37, three_phase=True, cycle_momentum=False)),
    ("one_cycle_three_linear", lambda o: s.OneCycleLR(o, max_lr=RATE, total_steps=100, three_phase=True, anneal_strategy="linear", cycle_momentum=False)),
    ("cyclic", lambda o: s.CyclicLR(o, base_lr=0.1, max_lr=RATE, step_size_up=9, cycle_momentum=False)),
    ("cyclic_down", lambda o: s.CyclicLR(o, base_lr=0.1, max_lr=RATE, step_size_up=4, step_size_down=13, cycle_momentum=False)),
    ("cyclic_triangular2", lambda o: s.CyclicLR(o, base_lr=0.02, max_lr=RATE, step_size_up=8, mode="triangular2", cycle_momentum=False)),
    ("cyclic_exp_range", lambda o: s.CyclicLR(o, base_lr=0.05, max_lr=RATE, step_size_up=10, mode="exp_range", gamma=0.98, cycle_momentum=False)),
    ("lambda", lambda o: s.LambdaLR(o, lambda t: 1 / (1 + 0.1 * t))),
    ("noam", lambda o: s.LambdaLR(o, lambda t: 64**-0.5 * min((t + 1) ** -0.5, (t + 1) * 20**-1.5))),
    ("inverse_sqrt", lambda o: s.LambdaLR(o, lambda t: min((t + 1) / 20, math.sqrt(20 / (t + 1))))),
    ("chained", lambda o: s.ChainedScheduler([s.ConstantLR(o, factor=0.1, total_iters=20), s.ExponentialLR(o, gamma=0.95)])),
    ("joined", lambda o: s.SequentialLR(o, [s.LinearLR(o, start_factor=0.1, total_iters=10), s.ExponentialLR(o, gamma=0.9), s.StepLR(o, step_size=10, gamma=0.5)], milestones=[10, 50])),
    ("warmup_cosine", lambda o: s.SequentialLR(o, [s.LinearLR(o, start_factor=0.1, total_iters=10), s.CosineAnnealingLR(o, T_max=90)], milestones=[10])),
]

PLATEAUS = [
    ("default", dict()),
    ("patience", dict(factor=0.5, patience=2)),
    ("absolute", dict(factor=0.5, patience=1, threshold=0.02, threshold_mode="abs")),
    ("cooldown", dict(factor=0.7, patience=1, cooldown=4)),
    ("floor", dict(factor=0.5, patience=0, min_lr=0.03)),
    ("maximize", dict(mode="max", factor=0.5, patience=3, threshold=0.01)),
    ("maximize_absolute", dict(mode="max", factor=0.5, patience=3, threshold=0.05, threshold_mode="abs")),
]


def main():
    out = Golden("schedule.txt", HEAD)
    for name, make in CASES:
        out.put(name, rates(make))
    out.blank()
    # Falls with bumps, stays, falls once more.
    metric = [round(1 / (1 + 0.2 * min(t, 30)) + 0.125 * (t % 5 == 3) - 0.125 * (t > 70), 3) for t in range(STEPS)]
    for name, options in PLATEAUS:
        weight = torch.nn.Parameter(torch.zeros(()))
        opt = torch.optim.SGD([weight], lr=RATE)
        schedule = s.ReduceLROnPlateau(opt, **options)
        given = [2 - m for m in metric] if options.get("mode") == "max" else metric
        found = []
        for m in given:
            schedule.step(m)
            found.append(float(opt.param_groups[0]["lr"]))
        out.put(f"plateau.{name}.metric", given)
        out.put(f"plateau.{name}", found)
    out.save()


if __name__ == "__main__":
    main()
