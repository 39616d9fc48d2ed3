//! What a training does, and when it ends.

mod common;

use chainrule_data::Dataset;
use chainrule_nn::{Layer, Linear, Losses};
use chainrule_optim::{ReduceOnPlateau, TrainStep, schedule_free_sgd, sgd};
use chainrule_tape::{Function, Params, Result, Tensor};
use chainrule_train::{
    BestWeights, Callback, CsvLog, EarlyStopping, Event, Goal, LowerRate, Metric, Trainer, metrics,
};
use common::{Net, bits, folder, iris};

#[test]
fn iris_is_learned_and_told() {
    let ((train, test), (net, mut params)) = (iris(), Net::new(7));
    let mut trainer = net.trainer();
    let history = trainer.fit(&mut params, &train).epochs(20).validation(&test).silent().run().unwrap();
    assert_eq!(history.epochs(), 20);
    assert_eq!(history.names().collect::<Vec<_>>(), ["loss", "val_loss", "val_accuracy", "lr"]);
    let losses = history.get("loss").unwrap();
    assert!(losses[19] < 0.5 * losses[0], "{losses:?}");
    assert!(history.last("val_accuracy").unwrap() > 0.9, "{history}");
    // The rate of the last step, the 80th.
    let expected = 0.02 * chainrule_optim::cosine(200, 0.1).factor(79);
    assert_eq!(history.last("lr"), Some(expected));

    // What evaluate says is what the history says, up to the size of batches.
    let logs = trainer.evaluate(&params, &test).unwrap();
    assert_eq!(logs["accuracy"], history.last("val_accuracy").unwrap());
    assert!((logs["loss"] - history.last("val_loss").unwrap()).abs() < 1e-6);
    let outputs = trainer.predict(&params, test.inputs()).unwrap();
    assert_eq!(outputs.shape().dims(), [30, 3]);
}

/// A loop over batches by hand gives the same bits.
#[test]
fn fit_is_a_loop() {
    let ((train, _), (net, mut params)) = (iris(), Net::new(7));
    net.trainer().fit(&mut params, &train).epochs(3).batch_size(16).seed(5).silent().run().unwrap();

    let (_, mut by_hand) = Net::new(7);
    let optimizer = chainrule_optim::adam(0.02).clip_norm(1.0).schedule(chainrule_optim::cosine(200, 0.1));
    let mut step = TrainStep::new(optimizer, |[x, labels]| net.forward(x).cross_entropy(labels));
    for epoch in 0..3 {
        for (x, labels) in train.batches(16).shuffled(5, epoch) {
            step.run(&mut by_hand, [&x, &labels]).unwrap();
        }
    }
    assert_eq!(bits(&params), bits(&by_hand));
}

/// Makes the model worse from the fourth epoch on.
struct Worse;

impl Callback for Worse {
    fn epoch_end(&mut self, event: &mut Event<'_>) -> Result<()> {
        let w = event.params.get("line.weight").unwrap().to_f64()[0];
        if event.epoch >= 4 {
            event.params.set("line.weight", [[w as f32 + 1.0]])?;
        }
        Ok(())
    }
}

fn line() -> (Params, Linear, Dataset) {
    let mut params = Params::seeded(7);
    let line = Linear::new(&mut params.root().sub("line"), 1, 1);
    let x: Vec<f32> = (0..8).map(|i| i as f32 / 4.0).collect();
    let y: Vec<f32> = x.iter().map(|x| 3.0 * x - 1.0).collect();
    let column = |values| Tensor::from_vec(values, [8, 1]).unwrap();
    (params, line, Dataset::new(column(x), column(y)).unwrap())
}

#[test]
fn early_stopping_waits_and_puts_the_best_back() {
    let (mut params, line, data) = line();
    let mut trainer = Trainer::new(sgd(0.1), |x| line.forward(x), |y, t| y.mse(t));
    let mut stop = EarlyStopping::new("val_loss").patience(3).restore_best();
    let history = trainer
        .fit(&mut params, &data)
        .epochs(100)
        .validation(&data)
        .callback(&mut stop)
        .callback(Worse)
        .silent()
        .run()
        .unwrap();
    let losses = history.get("val_loss").unwrap();
    let (best, least) = losses.iter().enumerate().min_by(|a, b| a.1.total_cmp(b.1)).unwrap();
    assert!(history.epochs() < 100 && history.epochs() == best + 1 + 3, "{history}");
    assert_eq!(stop.best(), *least);
    // The params are those of the best epoch, before it was made worse.
    assert_eq!(trainer.evaluate(&params, &data).unwrap()["loss"], *least);
}

#[test]
fn better_is_by_name_or_as_told() {
    let ((train, test), (net, mut params)) = (iris(), Net::new(7));
    let folder = folder("best");
    let mut best = BestWeights::new("val_accuracy", folder.join("best.safetensors"));
    let mut smallest = EarlyStopping::new("lr").goal(Goal::Minimize).patience(2);
    let history = net
        .trainer()
        .fit(&mut params, &train)
        .epochs(8)
        .validation(&test)
        .callback(&mut best)
        .callback(&mut smallest)
        .callback(CsvLog::new(folder.join("log.csv")))
        .silent()
        .run()
        .unwrap();
    // The rate falls in every epoch: nothing stops.
    assert_eq!(history.epochs(), 8);
    assert_eq!(smallest.best(), history.last("lr").unwrap());
    let accuracy = history.get("val_accuracy").unwrap();
    assert_eq!(best.best(), accuracy.iter().fold(0.0, |a: f64, &b| a.max(b)));
    assert_eq!(std::fs::read_to_string(folder.join("log.csv")).unwrap(), history.to_csv());

    // The file is the model alone, and loads as such.
    let (_, mut loaded) = Net::new(1);
    loaded.load(folder.join("best.safetensors")).unwrap();
    let found = net.trainer().evaluate(&loaded, &test).unwrap()["accuracy"];
    assert_eq!(found, best.best());
    std::fs::remove_dir_all(folder).ok();
}

#[test]
fn mistakes_are_told() {
    let ((train, test), (net, mut params)) = (iris(), Net::new(7));
    let mut trainer = net.trainer();
    let fails = |fit: chainrule_train::Fit<'_, '_>, text: &str| {
        let error = fit.silent().run().unwrap_err().to_string();
        assert!(error.contains(text), "{error}");
    };
    fails(trainer.fit(&mut params, &train).batch_size(0), "batch_size is 0");
    fails(trainer.fit(&mut params, &train).batch_size(1000).drop_last(), "no batches");
    let unknown = trainer.fit(&mut params, &train).validation(&test).callback(EarlyStopping::new("val_los"));
    fails(unknown, "no `val_los` is measured: there are loss, val_loss, val_accuracy, lr");
    let missing = trainer.fit(&mut params, &train).checkpoint("no/such/folder/file");
    fails(missing, "no/such/folder/file");
    fails(trainer.fit(&mut params, &train).batch_size(1000).drop_last(), "of 120 rows instead of 1000");
    let none = train.take(&[]).unwrap();
    fails(trainer.fit(&mut params, &none), "the set has no rows");
    fails(trainer.fit(&mut params, &train).validation(&none), "no batches to validate on");
    fails(trainer.fit_on(&mut params, 0, |_, _| unreachable!()), "their number is 0");
    fails(trainer.fit(&mut params, &train).resume(), "there is none");
    params.freeze("");
    fails(trainer.fit(&mut params, &train), "nothing to train: all parameters are frozen");
    params.unfreeze("");
    fails(trainer.fit(&mut Params::seeded(7), &train), "there are no parameters");

    let mut twice = net.trainer().metric(metrics::accuracy().threshold(0.0));
    fails(twice.fit(&mut params, &train), "two values are called `accuracy`");
    assert!(twice.evaluate(&params, &train).unwrap_err().to_string().contains("`accuracy`"));
}

/// What is wrong with the loss is said of the user's line.
#[test]
fn a_loss_that_is_not_one_number_is_told() {
    let ((train, _), (net, mut params)) = (iris(), Net::new(7));
    let mut trainer = Trainer::new(sgd(0.1), |x| net.forward(x), |y, labels| y.cross_entropy_each(labels));
    let line = line!() + 1;
    let error = trainer.fit(&mut params, &train).silent().run().unwrap_err().to_string();
    assert!(error.contains("needs one number") && error.contains(&format!("fit.rs:{line}:")), "{error}");
    assert!(error.contains(&file!().replace('\\', "/")), "{error}");
}

#[test]
fn the_op_that_makes_a_nan_is_found() {
    let ((train, _), (net, params)) = (iris(), Net::new(7));
    let trainer = Trainer::new(sgd(0.1), |x| (-net.forward(x).square()).ln(), |y, _| y.mean(..));
    let found = trainer.find_nan(&params, train.inputs(), train.labels()).unwrap().expect("a NaN");
    assert_eq!(found.op, "ln");
}

#[test]
fn a_loss_that_is_not_finite_ends_the_training() {
    let (mut params, line, _) = line();
    let mut trainer = Trainer::new(sgd(0.1), |x| line.forward(x), |y, t| y.mse(t));
    let batch = |_, _| Ok((Tensor::from([[f32::NAN]]), Tensor::from([[1.0f32]])));
    let error = trainer.fit_on(&mut params, 1, batch).silent().run().unwrap_err().to_string();
    assert!(error.contains("the loss of step 1 is NaN"), "{error}");
}

#[test]
fn callbacks_can_set_the_rate_and_stop_in_the_middle() {
    struct Halve;
    impl Callback for Halve {
        fn step_end(&mut self, event: &mut Event<'_>) -> Result<()> {
            event.set_lr(event.base_lr() / 2.0);
            if event.step == 6 {
                event.stop();
            }
            Ok(())
        }
    }
    let (mut params, line, data) = line();
    let mut trainer = Trainer::new(sgd(1.0), |x| line.forward(x), |y, t| y.mse(t) * 1e-3);
    let fit = trainer.fit(&mut params, &data).epochs(3).batch_size(2).callback(Halve).silent();
    let history = fit.run().unwrap();
    // The second epoch was not finished.
    assert_eq!(history.epochs(), 1);
    assert_eq!(history.last("lr"), Some(0.125));
    assert_eq!(params.get(Params::STEP), Some(&Tensor::from(6i64)));
}

#[test]
fn the_rate_is_lowered_on_a_plateau() {
    let (mut params, line, data) = line();
    let mut trainer = Trainer::new(sgd(0.0), |x| line.forward(x), |y, t| y.mse(t) * 0.0);
    // A loss that never changes: after each two epochs more than the first.
    let lower = || LowerRate::new("loss", ReduceOnPlateau::new().factor(0.5).patience(1));
    struct First;
    impl Callback for First {
        fn begin(&mut self, event: &mut Event<'_>) -> Result<()> {
            event.set_lr(1.0);
            Ok(())
        }
    }
    let fit = trainer.fit(&mut params, &data).epochs(7).callback(First).callback(lower()).silent();
    assert_eq!(fit.run().unwrap().get("lr").unwrap(), [1.0, 1.0, 1.0, 0.5, 0.5, 0.25, 0.25]);

    // The same with a stop and a checkpoint in between.
    let folder = folder("plateau");
    let path = folder.join("training.safetensors");
    let mut trainer = Trainer::new(sgd(1.0), |x| line.forward(x), |y, t| y.mse(t) * 0.0);
    trainer.fit(&mut params, &data).epochs(4).callback(lower()).checkpoint(&path).silent().run().unwrap();
    let mut trainer = Trainer::new(sgd(1.0), |x| line.forward(x), |y, t| y.mse(t) * 0.0);
    let fit = trainer.fit(&mut params, &data).epochs(7).callback(lower()).checkpoint(&path).resume().silent();
    assert_eq!(fit.run().unwrap().get("lr").unwrap(), [1.0, 1.0, 1.0, 0.5, 0.5, 0.25, 0.25]);
    std::fs::remove_dir_all(folder).ok();
}

/// What is judged is the average that a schedule-free optimizer finds.
#[test]
fn the_place_that_an_optimizer_finds_is_judged() {
    let (mut params, line, data) = line();
    let optimizer = schedule_free_sgd(0.1);
    let mut trainer = Trainer::new(optimizer, |x| line.forward(x), |y, t| y.mse(t)).metric(metrics::mse());
    trainer.fit(&mut params, &data).epochs(20).silent().run().unwrap();
    let found = schedule_free_sgd(0.1).evaluation(&params).unwrap();
    let outputs = trainer.predict(&params, data.inputs()).unwrap();
    let expected = Function::new(|[x]| line.forward(x)).run(&found, [data.inputs()]).unwrap();
    assert_eq!(outputs, expected);
    let logs = trainer.evaluate(&params, &data).unwrap();
    assert!((logs["loss"] - metrics::mse().of(&expected, data.labels()).unwrap()).abs() < 1e-6);
}

/// And that is what is kept of the best epoch.
#[test]
fn the_place_that_an_optimizer_finds_is_kept() {
    let (mut params, line, data) = line();
    let folder = folder("found");
    let file = folder.join("best.safetensors");
    let optimizer = schedule_free_sgd(0.2);
    let mut trainer = Trainer::new(optimizer, |x| line.forward(x), |y, t| y.mse(t));
    let mut stop = EarlyStopping::new("val_loss").patience(3).restore_best();
    let fit = trainer.fit(&mut params, &data).epochs(40).validation(&data);
    fit.callback(&mut stop)
        .callback(BestWeights::new("val_loss", &file))
        .callback(Worse)
        .silent()
        .run()
        .unwrap();
    assert_eq!(trainer.evaluate(&params, &data).unwrap()["loss"], stop.best());
    let (mut loaded, ..) = self::line();
    loaded.load(&file).unwrap();
    let outputs = Function::new(|[x]| line.forward(x)).run(&loaded, [data.inputs()]).unwrap();
    assert!((metrics::mse().of(&outputs, data.labels()).unwrap() - stop.best()).abs() < 1e-6);
    std::fs::remove_dir_all(folder).ok();
}

/// Two batches a step, which one of both together is.
#[test]
fn batches_are_accumulated() {
    let (params, line, data) = line();
    let trained = |rows: usize, batches: u64| {
        let mut params = params.clone();
        let trainer = Trainer::new(sgd(0.1), |x| line.forward(x), |y, t| y.mse(t));
        let mut trainer = trainer.accumulate(batches);
        trainer.fit(&mut params, &data).epochs(5).batch_size(rows).in_order().silent().run().unwrap();
        params.get("line.weight").unwrap().to_f64()[0]
    };
    assert!((trained(4, 2) - trained(8, 1)).abs() < 1e-6);
}
