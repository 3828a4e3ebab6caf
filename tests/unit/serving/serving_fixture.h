// Deployments of round numbers for the serving loop: a step model with given costs, requests from a
// list, and a platform of a few hosts.
#ifndef TESTS_UNIT_SERVING_SERVING_FIXTURE_H_
#define TESTS_UNIT_SERVING_SERVING_FIXTURE_H_

#include <memory>
#include <random>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "sim/engine/network.h"
#include "sim/serving/serve.h"
#include "tests/unit/engine/small_fleet.h"

namespace fleetsim {

// A step takes `fixed`, and so much for each prompt token, decoding sequence and cached token.
struct LinearStep : public StepModel {
  double fixed_s = 0.0, prompt_token_s = 0.0, decode_s = 0.0, context_s = 0.0;
  double tokens_per_decode = 1.0;

  StepCost Cost(const std::vector<StepLoad>& ranks) const override {
    double seconds = fixed_s;
    for (const StepLoad& load : ranks) {
      for (const PrefillChunk& chunk : load.prefill) seconds += prompt_token_s * chunk.tokens;
      seconds += decode_s * load.decodes + context_s * static_cast<double>(load.decode_context);
    }
    StepCost cost;
    cost.duration = cost.parts[static_cast<int>(StepPart::kMatrix)] = Seconds(seconds);
    cost.energy = Joules(100.0 * seconds);
    return cost;
  }
  double TokensPerDecode() const override { return tokens_per_decode; }
};

class ListStream : public RequestStream {
 public:
  explicit ListStream(std::vector<Request> requests) : requests_(std::move(requests)) {}
  bool Next(Request* request) override {
    if (next_ == requests_.size()) return false;
    *request = requests_[next_++];
    return true;
  }

 private:
  std::vector<Request> requests_;
  std::size_t next_ = 0;
};

inline Request MakeRequest(std::int64_t id, double arrival_s, int input, int output) {
  Request request;
  request.id = id;
  request.arrival = Seconds(arrival_s);
  request.input_tokens = input;
  request.output_tokens = output;
  return request;
}

// Poisson arrivals at `rate`; outputs drawn by `output`.
template <class Output>
std::vector<Request> PoissonRequests(int count, double rate, int input, std::mt19937_64& random,
                                     Output output) {
  std::exponential_distribution<double> gap(rate);
  std::vector<Request> requests;
  double date_s = 0.0;
  for (int i = 0; i < count; ++i) {
    requests.push_back(MakeRequest(i, date_s += gap(random), input, output(random)));
  }
  return requests;
}

// A pool of `count` instances, each on a host of its own, with room for everything.
inline Pool MakePool(const StepModel& model, int count = 1, int first_host = 0) {
  Pool pool;
  pool.name = "pool";
  pool.model = &model;
  pool.engine.blocks = 1'000'000;
  pool.engine.kv_token = Bytes(1e5);
  for (int i = 0; i < count; ++i) pool.instances.push_back({first_host + i});
  return pool;
}

// At most once in a test: SimGrid has one engine a process.
inline ServingRecord ServeFrom(const Deployment& deployment, RequestSource& source,
                               const SmallFleetSpec& spec = {}) {
  SmallFleet small(spec);
  auto network = Network::Load(small.fleet());
  EXPECT_TRUE(network.ok()) << network.status();
  auto record = Serve(**network, deployment, source);
  EXPECT_TRUE(record.ok()) << record.status();
  return record.ok() ? *std::move(record) : ServingRecord();
}

inline ServingRecord ServeList(const Deployment& deployment, std::vector<Request> requests,
                               const SmallFleetSpec& spec = {}) {
  ListStream stream(std::move(requests));
  OpenLoop source(stream);
  return ServeFrom(deployment, source, spec);
}

template <class Value>
double Mean(const ServingRecord& record, Value value) {
  double sum = 0.0;
  for (std::int64_t i = 0; i < record.requests.size(); ++i) sum += value(record.requests.Row(i));
  return sum / static_cast<double>(record.requests.size());
}

}  // namespace fleetsim

#endif  // TESTS_UNIT_SERVING_SERVING_FIXTURE_H_
