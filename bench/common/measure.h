// What benchmarks of single operations share.
#pragma once

#include <benchmark/benchmark.h>

#include <cstddef>
#include <string>

#include "common/count_allocations.h"

namespace user_events::bench {

/// Runs `work(out)` again and again into a buffer that is used again, and counts heap allocations and bytes per run.
template <class Work>
void measure(benchmark::State& state, Work&& work) {
  std::string out;
  for (int i = 0; i < 100; ++i) {  // warm-up
    out.clear();
    work(out);
  }
  const std::size_t before = allocations_so_far();
  for (auto _ : state) {
    out.clear();
    work(out);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(state.iterations());
  state.counters["allocations"] =
      benchmark::Counter(static_cast<double>(allocations_so_far() - before) / static_cast<double>(state.iterations()));
  state.counters["bytes"] = benchmark::Counter(static_cast<double>(out.size()));
}

}  // namespace user_events::bench
