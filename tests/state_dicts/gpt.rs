//! Language models of others: with their names, and in layers of ours that are called otherwise.

use crate::{check, check_answers, file};
use chainrule::nn::{
    Attend, CausalTransformer, LearnedPositions, Rotary, TransformerConfig, TransformerEncoderLayer,
    scaled_dot_product_attention,
};
use chainrule::prelude::*;

const HEADS: usize = 2;

/// nanoGPT, with its names.
struct Gpt {
    wte: Embedding,
    wpe: LearnedPositions,
    h: Vec<Block>,
    ln_f: LayerNorm,
    lm_head: Linear,
}

struct Block {
    ln_1: LayerNorm,
    c_attn: Linear,
    c_proj: Linear,
    ln_2: LayerNorm,
    mlp: Sequential,
}

impl Gpt {
    fn new(at: &mut Scope) -> Gpt {
        let mut inside = at.sub("transformer");
        let wte = Embedding::new(&mut inside.sub("wte"), 11, 8);
        let wpe = LearnedPositions::new(&mut inside.sub("wpe"), 6, 8);
        let h = (0..2).map(|i| Block::new(&mut inside.sub("h").sub(i), 8)).collect();
        let ln_f = LayerNorm::new(&mut inside.sub("ln_f"), 8);
        let lm_head = Linear::tied_without_bias(&mut at.sub("lm_head"), &wte);
        Gpt { wte, wpe, h, ln_f, lm_head }
    }

    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let mut x = self.wpe.forward(self.wte.forward(x));
        for block in &self.h {
            x = block.forward(x);
        }
        self.lm_head.forward(self.ln_f.forward(x))
    }
}

impl Block {
    fn new(at: &mut Scope, width: usize) -> Block {
        Block {
            ln_1: LayerNorm::new(&mut at.sub("ln_1"), width),
            c_attn: Linear::new(&mut at.sub("attn").sub("c_attn"), width, 3 * width),
            c_proj: Linear::new(&mut at.sub("attn").sub("c_proj"), width, width),
            ln_2: LayerNorm::new(&mut at.sub("ln_2"), width),
            mlp: Sequential::new(&mut at.sub("mlp"), |net| {
                net.push("c_fc", |at| Linear::new(at, width, 4 * width))
                    .then(|x| x.gelu_tanh())
                    .push("c_proj", |at| Linear::new(at, 4 * width, width))
            }),
        }
    }

    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let x = x + self.attention(self.ln_1.forward(x));
        x + self.mlp.forward(self.ln_2.forward(x))
    }

    fn attention<'t>(&self, x: Var<'t>) -> Var<'t> {
        let all = self.c_attn.forward(x);
        let width = self.c_proj.inputs();
        let [q, k, v] = [0, 1, 2].map(|i| {
            let rows = all.slice(-1, i * width..(i + 1) * width);
            rows.unflatten(-1, &[HEADS, width / HEADS]).transpose(1, 2)
        });
        let y = scaled_dot_product_attention(q, k, v, Attend::causal()).transpose(1, 2);
        self.c_proj.forward(y.flatten(2))
    }
}

#[test]
fn nano_gpt_with_its_names() {
    check("nanogpt", Gpt::new, |net, x| net.forward(x[0]));
}

/// The same model of layers that are here.
struct Ready {
    words: Embedding,
    positions: LearnedPositions,
    body: CausalTransformer,
    head: Linear,
}

impl Ready {
    fn new(at: &mut Scope) -> Ready {
        let words = Embedding::new(&mut at.sub("words"), 11, 8);
        let positions = LearnedPositions::new(&mut at.sub("positions"), 6, 8);
        let body = CausalTransformer::new(at, TransformerConfig::gpt(8, HEADS), 2);
        let head = Linear::tied_without_bias(&mut at.sub("head"), &words);
        Ready { words, positions, body, head }
    }

    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        self.head.forward(self.body.forward(self.positions.forward(self.words.forward(x))))
    }
}

/// What GPT-2's parts are called here.
fn ours(name: &str) -> String {
    let pairs = [
        ("h.", "layers."),
        ("wte.", "words."),
        ("wpe.", "positions."),
        ("ln_1.", "norm1."),
        ("ln_2.", "norm2."),
        ("ln_f.", "norm."),
        ("attn.c_attn.", "self_attn.in_proj_"),
        ("attn.c_proj.", "self_attn.out_proj."),
        ("mlp.c_fc.", "linear1."),
        ("mlp.c_proj.", "linear2."),
    ];
    pairs.iter().fold(name.to_owned(), |name, (old, new)| name.replace(old, new))
}

#[test]
fn nano_gpt_in_layers_that_are_called_otherwise() {
    let mut params = Params::seeded(1);
    let net = Ready::new(&mut params.root());
    let saved = Params::read(file("nanogpt")).unwrap();
    params.load_from(&saved.under("transformer").renamed(ours)).complete().unwrap();
    check_answers("nanogpt", &mut params, |x| net.forward(x[0]));
}

#[test]
fn gpt_2_of_hugging_face() {
    // Its matrices are the other way round, and it keeps masks.
    let saved =
        Params::read(file("gpt2")).unwrap().without("*.attn.bias").map("*.c_*.weight", |w| w.t()).unwrap();
    let mut params = Params::seeded(2);
    let net = Ready::new(&mut params.root());
    params.load_from(&saved.renamed(ours)).complete().unwrap();
    check_answers("nanogpt", &mut params, |x| net.forward(x[0]));

    // With its names; the head is tied to `wte`.
    let mut params = Params::seeded(3);
    let net = Gpt::new(&mut params.root());
    let saved = saved.renamed(|name| format!("transformer.{name}"));
    params.load_from(&saved).complete().unwrap();
    check_answers("nanogpt", &mut params, |x| net.forward(x[0]));
}

#[test]
fn a_layer_of_llama() {
    let path = file("llama_layer");
    let mut params = Params::seeded(4).with_dtype(DType::F64);
    let config = TransformerConfig::llama(8, 4).kv_heads(2).hidden(12).rotary(Rotary::new(2));
    let layer = TransformerEncoderLayer::new(&mut params.root(), config);
    let parts = ["self_attn.q_proj.", "self_attn.k_proj.", "self_attn.v_proj."];
    let saved = Params::read(&path).unwrap();
    let saved = saved.joined(&parts, "self_attn.in_proj_").unwrap();
    let saved = saved.joined(&["mlp.gate_proj.", "mlp.up_proj."], "linear1.").unwrap().renamed(|name| {
        name.replace("o_proj", "out_proj")
            .replace("mlp.down_proj", "linear2")
            .replace("post_attention_layernorm", "norm2")
            .replace("input_layernorm", "norm1")
    });
    params.load_from(&saved).complete().unwrap();
    check_answers("llama_layer", &mut params, |x| layer.forward(x[0]));
}
