#include "gradus/tensor/autograd.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "gradus/base/error.h"
#include "gradus/base/parallel.h"
#include "gradus/tensor/impl.h"
#include "gradus/tensor/ops.h"

namespace gradus {
namespace {

thread_local bool recording_on = true;
std::atomic<std::uint64_t> passes{0};

// Sum of two gradients of the same tensor; terms per shard stay apart.
Tensor accumulate(const Tensor& a, const Tensor& b) {
  const TensorImpl &p = a.impl(), &q = b.impl();
  if (p.placement == Placement::partial && q.placement == Placement::partial && *p.plan == *q.plan)
    return add_partial(a, b);
  return add(a, b);
}

// Factors stay while b is small beside the second cache: each piece of the product reads it whole.
constexpr std::int64_t kMostFactorElements = 1 << 18;

bool fits_factors(const Shape& b) {
  return b[b.rank() - 1] <= Gradients::kMostFactorColumns && b.size() <= kMostFactorElements;
}

void drop_gradients(Node& node) {
  for (int i = 0; i < node.outputs; ++i) node.grads[i] = Tensor();
}

void collect(Node* root, std::uint64_t pass, std::vector<Node*>& order) {
  order.clear();
  root->visited = pass;
  order.push_back(root);
  for (std::size_t i = 0; i < order.size(); ++i) {
    Node* node = order[i];
    for (int e = 0; e < node->inputs; ++e) {
      Node* next = node->edges[e].node.get();
      if (next != nullptr && next->visited != pass) {
        next->visited = pass;
        order.push_back(next);
      }
    }
  }
  std::sort(order.begin(), order.end(), [](Node* a, Node* b) { return a->sequence > b->sequence; });
}

}  // namespace

bool recording() { return recording_on; }
NoGrad::NoGrad() : before_(recording_on) { recording_on = false; }
NoGrad::~NoGrad() { recording_on = before_; }

Node::Output::Output(const TensorImpl& of) : dtype(of.dtype), rank(static_cast<std::uint8_t>(of.shape.rank())) {
  for (int i = 0; i < rank; ++i) dims[i] = of.shape[i];
}

bool Node::Output::fits(const TensorImpl& gradient) const {
  bool same = gradient.dtype == dtype && gradient.shape.rank() == rank;
  for (int i = 0; same && i < rank; ++i) same = gradient.shape[i] == dims[i];
  return same;
}

void Node::connect(void* memory, std::initializer_list<const Tensor*> from, std::initializer_list<Tensor*> to) {
  sequence = Workspace::current().next_sequence();
  if (const Profile* profile = Profile::current(); profile != nullptr) account = profile->account();
  edges = static_cast<Edge*>(memory);
  forms = reinterpret_cast<Output*>(edges + from.size());
  for (const Tensor* t : from) {
    void* edge = &edges[inputs++];
    if (!t->defined() || !t->impl().requires_grad) {
      new (edge) Edge{};
    } else if (TensorImpl& impl = t->impl(); impl.node) {
      new (edge) Edge{impl.node, {}, impl.output};
      sequence = std::max(sequence, impl.node->sequence + 1);  // it may be of another thread
    } else {
      new (edge) Edge{{}, t->ref()};
    }
  }
  for (Tensor* t : to) {
    TensorImpl& impl = t->impl();
    impl.node = Ref<Node>(this);
    impl.requires_grad = true;
    new (&forms[outputs]) Output(impl);
    impl.output = outputs++;
  }
}

Node::~Node() {
  for (int i = 0; i < inputs; ++i) edges[i].~Edge();
}

// Long chains of nodes are taken down one after the other instead of by recursion, whose depth is the chain's length.
void destroy_pooled(Node* n) {
  static thread_local Node* waiting = nullptr;
  static thread_local bool busy = false;
  n->visited = reinterpret_cast<std::uint64_t>(waiting);
  waiting = n;
  if (busy) return;
  busy = true;
  while (waiting != nullptr) {
    Node* next = waiting;
    waiting = reinterpret_cast<Node*>(next->visited);
    next->~Node();
    return_pooled_memory(next);
  }
  busy = false;
}

namespace {

[[noreturn]] void throw_form(const Node::Edge& edge, int input, const Shape& shape, Dtype dtype) {
  Node::Output wanted = edge.leaf ? Node::Output(*edge.leaf) : edge.node->forms[edge.output];
  auto text = [](const Shape& s, Dtype d) { return std::string(dtype_name(d)) + " " + s.text(); };
  throw Error(ErrorKind::shape, {"backward",
                                 "a gradient " + text(Shape(wanted.dims, wanted.rank), wanted.dtype) + " of input " +
                                     std::to_string(input),
                                 text(shape, dtype), ""});
}

}  // namespace

void BackwardStep::add(int input, Tensor gradient) {
  Node::Edge& edge = node_.edges[input];
  if (!edge.node && !edge.leaf) return;
  if (!gradient.defined()) throw Error(ErrorKind::state, "backward", "a closure's gradient is undefined");
  const TensorImpl& given = gradient.impl();
  bool fits = edge.leaf ? given.shape == edge.leaf->shape && given.dtype == edge.leaf->dtype
                        : edge.node->forms[edge.output].fits(given);
  if (!fits) throw_form(edge, input, given.shape, given.dtype);
  Gradients::Raw* of_leaf = edge.leaf ? &gradients_.slot(edge.leaf.get()) : nullptr;
  if (of_leaf != nullptr) of_leaf->multiply_out();
  Tensor& slot = of_leaf != nullptr ? of_leaf->value : edge.node->grads[edge.output];
  slot = slot.defined() ? accumulate(slot, gradient) : std::move(gradient);
}

bool BackwardStep::keeps_factors(int input, const Tensor& b) const {
  return node_.edges[input].leaf && fits_factors(b.impl().shape);
}

void BackwardStep::add_product(int input, Tensor a, Tensor b) {
  const Node::Edge& edge = node_.edges[input];
  if (keeps_factors(input, b)) {
    const Shape &wanted = edge.leaf->shape, &sa = a.impl().shape, &sb = b.impl().shape;
    std::int64_t m = sa[sa.rank() - 1], n = sb[sb.rank() - 1];
    bool fits = wanted.rank() == 2 && wanted[0] == m && wanted[1] == n && edge.leaf->dtype == a.impl().dtype;
    if (!fits) throw_form(edge, input, {m, n}, a.impl().dtype);
    Gradients::Raw& slot = gradients_.slot(edge.leaf.get());
    if (!slot.value.defined()) {
      Place place = place_of(a, b);
      slot = {aligned(a, place), aligned(b, place)};
      return;
    }
  }
  add(input, contract_rows(std::move(a), std::move(b)));
}

Gradients::Gradients(Gradients&& o) noexcept
    : entries_(std::exchange(o.entries_, nullptr)),
      room_(std::exchange(o.room_, 0)),
      count_(std::exchange(o.count_, 0)) {}

Gradients& Gradients::operator=(Gradients&& o) noexcept {
  std::swap(entries_, o.entries_);
  std::swap(room_, o.room_);
  std::swap(count_, o.count_);
  return *this;
}

Gradients::~Gradients() {
  if (entries_ == nullptr) return;
  for (std::size_t i = 0; i < room_; ++i)
    if (entries_[i].leaf) entries_[i].~Entry();
  return_pooled_memory(entries_);
}

Gradients::Entry* Gradients::find(const TensorImpl* leaf) const {
  if (room_ == 0) return nullptr;
  std::size_t i = (reinterpret_cast<std::uintptr_t>(leaf) >> 6) * 0x9E3779B97F4A7C15u >> 20;
  for (;; ++i) {
    Entry& e = entries_[i & (room_ - 1)];
    if (e.leaf.get() == leaf || !e.leaf) return &e;
  }
}

void Gradients::grow() {
  Entry* old = entries_;
  std::size_t old_room = room_;
  room_ = old_room == 0 ? 8 : old_room * 2;
  entries_ = static_cast<Entry*>(pooled_memory(room_ * sizeof(Entry)));
  for (std::size_t i = 0; i < room_; ++i) new (&entries_[i]) Entry{};
  for (std::size_t i = 0; i < old_room; ++i)
    if (old[i].leaf) *find(old[i].leaf.get()) = std::move(old[i]);
  for (std::size_t i = 0; i < old_room; ++i) old[i].~Entry();
  if (old != nullptr) return_pooled_memory(old);
}

Gradients::Raw& Gradients::slot(TensorImpl* leaf) {
  if (count_ * 2 >= room_) grow();
  Entry* e = find(leaf);
  if (!e->leaf) {
    e->leaf = Ref<TensorImpl>(leaf);
    ++count_;
  }
  return e->gradient;
}

void Gradients::Raw::multiply_out() {
  if (factor.defined()) *this = {contract_rows(value, factor), Tensor()};
}

Gradients::Raw* Gradients::raw(const Tensor& leaf) const {
  Entry* e = find(&leaf.impl());
  return e != nullptr && e->leaf ? &e->gradient : nullptr;
}

Tensor Gradients::operator[](const Tensor& leaf) const {
  Raw* g = raw(leaf);
  if (g == nullptr) return {};
  g->multiply_out();
  return gather_shards(g->value);
}

Gradients backward(const Tensor& output, const Tensor& output_gradient, bool keep_graph) {
  if (!output.defined() || !output.requires_grad())
    throw Error(ErrorKind::state, "backward", "the value depends on no tensor that requires a gradient",
                "call set_requires_grad() on the parameters before the forward pass, and do not work under NoGrad");
  if (!output_gradient.defined() || output_gradient.shape() != output.shape() ||
      output_gradient.dtype() != output.dtype())
    throw Error(ErrorKind::shape,
                {"backward", std::string("a gradient ") + dtype_name(output.dtype()) + " " + output.shape().text(),
                 output_gradient.text(), ""});
  Gradients gradients;
  ComputeScope compute;
  NoGrad no_grad;
  const TensorImpl& impl = output.impl();
  if (!impl.node) {
    gradients.slot(output.ref().get()).value = output_gradient.copy();
    return gradients;
  }
  // The list's memory is kept for the next pass; a pass within a pass (of an op whose backward calls this) has its own.
  static thread_local std::vector<Node*> spare;
  std::vector<Node*> order = std::exchange(spare, {});
  collect(impl.node.get(), ++passes, order);
  for (Node* node : order)
    if (node->consumed)
      throw Error(ErrorKind::state, "backward", "the record of this computation is used up",
                  "pass keep_graph = true to the first backward()");
  impl.node->grads[impl.output] = output_gradient;
  Profile* profile = Profile::current();
  int before = profile != nullptr ? profile->account() : 0;
  try {
    for (Node* node : order) {
      bool reached = std::any_of(node->grads, node->grads + node->outputs, [](const Tensor& g) { return g.defined(); });
      if (reached) {
        if (profile != nullptr) profile->turn_to(Profile::backward_of(node->account));
        BackwardStep step(*node, gradients, keep_graph);
        node->backward(step);
      }
      drop_gradients(*node);
      if (!keep_graph) {
        node->release_saved();
        node->consumed = true;
      }
    }
  } catch (...) {
    for (Node* node : order) drop_gradients(*node);
    throw;
  }
  if (profile != nullptr) profile->turn_to(before);
  spare = std::move(order);
  return gradients;
}

Gradients backward(const Tensor& loss, bool keep_graph) {
  if (loss.defined() && loss.size() != 1)
    throw Error(ErrorKind::shape, {"backward", "a loss of one element", loss.shape().text(),
                                   "reduce it with sum() or mean(), or give its gradient"});
  if (!loss.defined()) return backward(loss, Tensor(), keep_graph);
  // The usual one is made once per thread: for a tiny network it is a noticeable part of a step.
  static thread_local const Tensor usual = Tensor::ones({});
  bool same = loss.rank() == 0 && loss.dtype() == Dtype::f32;
  return backward(loss, same ? usual : Tensor::ones(loss.shape(), loss.dtype()), keep_graph);
}

}  // namespace gradus
