//! The rules of the race as formulas.

use crate::page::Page;

pub fn section(page: &mut Page) {
    page.heading("The rules");
    page.text(
        "All of them go downhill: they take the gradient `g` of the loss by the weights `w`, and differ in what they remember of \
         earlier gradients. `η` is the learning rate. *Gradient descent* remembers nothing.",
    );
    page.formula(
        r"w \leftarrow w - \eta\, g, \qquad g = \nabla L(w)",
        "w becomes w minus eta times g, the gradient of L at w",
    );
    page.text(
        "*Momentum* (Polyak, 1964) keeps a velocity `v`, of which the part `β`, the decay, is left after each step. *NAG*, \
         Nesterov's accelerated gradient (Nesterov, 1983; in this form Sutskever and others, 2013), takes the gradient where the \
         velocity is about to lead. That place ahead, w − βv, is the one that stands for NAG below, in every path and number.",
    );
    page.formula(
        r"\begin{aligned} \text{momentum:} \quad v &\leftarrow \beta v + \eta\,\nabla L(w), & w &\leftarrow w - v \\ \text{NAG:} \quad v &\leftarrow \beta v + \eta\,\nabla L(w - \beta v), & w &\leftarrow w - v \end{aligned}",
        "momentum: v becomes beta v plus eta times the gradient at w, and w becomes w minus v; NAG: the same with the gradient at w minus beta v",
    );
    page.text(
        "*Adagrad* (Duchi and others, 2011) divides each weight's gradient by the root of the sum of all its squares so far. \
         *RMSProp* (Hinton's lecture 6, 2012) puts a running average in the place of the sum. *Adam* (Kingma and Ba, 2015) \
         averages the gradient too, and corrects both averages for having begun at 0.",
    );
    page.formula(
        r"\begin{aligned} \text{Adagrad:} \quad s &\leftarrow s + g^2, & w &\leftarrow w - \eta\, \frac{g}{\sqrt{s} + \varepsilon} \\ \text{RMSProp:} \quad s &\leftarrow \alpha s + (1 - \alpha)\, g^2, & w &\leftarrow w - \eta\, \frac{g}{\sqrt{s} + \varepsilon} \\ \text{Adam:} \quad m &\leftarrow \beta_1 m + (1 - \beta_1)\, g, \quad s \leftarrow \beta_2 s + (1 - \beta_2)\, g^2, & w &\leftarrow w - \eta\, \frac{m / (1 - \beta_1^t)}{\sqrt{s / (1 - \beta_2^t)} + \varepsilon} \end{aligned}",
        "Adagrad: s becomes s plus g squared, and w becomes w minus eta g over root s plus epsilon; RMSProp: s becomes alpha s plus 1 minus alpha times g squared, and w as before; Adam: m becomes beta 1 m plus 1 minus beta 1 times g, s becomes beta 2 s plus 1 minus beta 2 times g squared, and w becomes w minus eta times m corrected over root of s corrected plus epsilon",
    );
    page.text(
        "*AdamW* (Loshchilov and Hutter, 2019) is Adam with weight decay beside it, here 0.01. *Lion* (Chen and others, 2023) goes by \
         the whole rate in each weight, in the direction of an average's sign. *Muon* (Jordan and others, 2024) works on matrices, so it \
         takes no part before the network below. `α` is 0.9, Adam's `β` are 0.9 and 0.999, Lion's 0.9 and 0.99.",
    );
}
