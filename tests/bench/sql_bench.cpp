// What facts cost: CPU microseconds for a statement, best of several rounds, for the three statements of the
// peers' table and for each digest. CPU time of the thread, so that a busy machine does not count.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <new>
#include <string_view>

#include "sql/analyze.h"
#include "sql/comment.h"
#include "sql/digest.h"

namespace {

std::size_t allocations = 0;

}  // namespace

void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

extern "C" {
struct RawParse {
  void* tree;
  char* stderr_buffer;
  void* error;
};
RawParse pg_query_raw_parse(const char* input);
void* pg_query_enter_memory_context(void);
void pg_query_exit_memory_context(void* context);
}

namespace {

double cpu_us() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

template <class Body>
double best_us(Body body) {
  constexpr int kRounds = 15, kCalls = 2'000;
  double best = 1e9;
  for (int round = 0; round < kRounds; ++round) {
    const double start = cpu_us();
    for (int i = 0; i < kCalls; ++i) body();
    best = std::min(best, (cpu_us() - start) / kCalls);
  }
  return best;
}

struct Statement {
  const char* name;
  const char* text;
};

constexpr Statement kStatements[] = {
    {"short SELECT", "SELECT id, name FROM users WHERE id = 42 AND active = t"},
    {"3-way join",
     "SELECT o.id, o.total, c.name, c.email, p.title FROM orders o JOIN customers c ON c.id = o.customer_id "
     "LEFT JOIN products p ON p.id = o.product_id WHERE o.created_at > '2024-01-01' AND c.country = 'DE' "
     "AND o.status IN ('open', 'paid') ORDER BY o.created_at DESC LIMIT 50"},
    {"CTE upsert",
     "WITH up AS (INSERT INTO stock (sku, qty) VALUES ('a', 1) ON CONFLICT (sku) DO UPDATE SET qty = "
     "stock.qty + "
     "excluded.qty RETURNING sku, qty) SELECT u.sku, u.qty FROM up u JOIN skus s ON s.sku = u.sku"},
};

}  // namespace

int main() {
  std::printf("%-14s %6s %10s %10s %10s %8s %10s %12s\n", "statement", "bytes", "raw parse", "analyze",
              "facts", "allocs", "normalize", "fingerprint");
  for (const Statement& one : kStatements) {
    const std::string_view text = one.text;
    const double raw = best_us([&] {
      void* context = pg_query_enter_memory_context();
      std::free(pg_query_raw_parse(one.text).stderr_buffer);
      pg_query_exit_memory_context(context);
    });
    const double all =
        best_us([&] { static_cast<void>(signalbox::sql::analyze(text, {.server_version = 15})); });
    allocations = 0;
    static_cast<void>(signalbox::sql::analyze(text, {.server_version = 15}));
    const std::size_t counted = allocations;
    const double normal = best_us([&] { static_cast<void>(signalbox::sql::normalize(text)); });
    const double print = best_us([&] { static_cast<void>(signalbox::sql::fingerprint(text)); });
    std::printf("%-14s %6zu %10.2f %10.2f %10.2f %8zu %10.2f %12.2f\n", one.name, text.size(), raw, all,
                all - raw, counted, normal, print);
  }
}
