//! Beyond the notes: three things that an engine with derivatives of any order can show.
//!
//! 1. The landscape of a network's loss, along the Hessian's eigenvectors and along random directions. Found: on random planes the
//!    loss is hundreds of times flatter, because nearly all directions are flat.
//! 2. Double descent: the test error over the number of features. Found: a peak where there are as many as samples, and the
//!    smallest error far beyond it; a ridge removes the peak.
//! 3. A learning rate that is learned by differentiating through the optimizer's steps. Found: it is as good as a grid search's where
//!    the loss has one valley, and ends in the first where it has several.

mod double_descent;
mod landscape;
mod learned_rate;

use crate::page::Page;
use std::error::Error;

pub fn lesson(page: &mut Page, seed: u64) -> Result<(), Box<dyn Error>> {
    page.lead(
        "Three questions from after the first lectures. What does a loss look like around a trained network? Why can a model with \
         more weights than samples be right? Can a learning rate be learned? Derivatives answer the first and the third, least \
         squares the second.",
    );
    landscape::section(page, seed)?;
    double_descent::section(page, seed)?;
    learned_rate::section(page, seed)?;

    page.heading("Sources");
    page.text(
        "Landscapes: Hao Li, Zheng Xu, Gavin Taylor, Christoph Studer and Tom Goldstein, *Visualizing the loss landscape of neural nets*, \
         NeurIPS 2018; Barak Pearlmutter, *Fast exact multiplication by the Hessian*, 1994. Double descent: Mikhail Belkin, Daniel Hsu, \
         Siyuan Ma and Soumik Mandal, *Reconciling modern machine-learning practice and the classical bias–variance trade-off*, 2019. \
         Learned rates: Yoshua Bengio, *Gradient-based optimization of hyperparameters*, 2000; Dougal Maclaurin, David Duvenaud and Ryan \
         Adams, *Gradient-based hyperparameter optimization through reversible learning*, ICML 2015.",
    );
    Ok(())
}
