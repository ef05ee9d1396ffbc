package io.arbalest.server.flight;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.engine.ArbalestException;
import io.arbalest.store.StoreException;
import io.arbalest.store.StoreException.Category;
import java.util.concurrent.CompletionException;
import org.apache.arrow.flight.FlightRuntimeException;
import org.apache.arrow.flight.FlightStatusCode;
import org.apache.arrow.memory.OutOfMemoryException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ErrorsTest {
  private final Call call = new Call("call-7", "DoGet", null, () -> {});

  @ParameterizedTest
  @CsvSource({
    "INVALID_ARGUMENT, INVALID_ARGUMENT",
    "NOT_FOUND, NOT_FOUND",
    "ALREADY_EXISTS, ALREADY_EXISTS",
    "RESOURCE_EXHAUSTED, RESOURCE_EXHAUSTED",
    "DEADLINE_EXCEEDED, TIMED_OUT",
    "UNIMPLEMENTED, UNIMPLEMENTED",
    "UNAVAILABLE, UNAVAILABLE",
    "CORRUPT, UNAVAILABLE"
  })
  void mapsEachCategoryWithItsMessage(Category category, FlightStatusCode code) {
    FlightRuntimeException error = Errors.toFlight(new StoreException(category, "the thing"), call);
    assertThat(error.status().code()).isEqualTo(code);
    assertThat(error.status().description()).isEqualTo("the thing");
  }

  @Test
  void keepsTheMessageOfAFaultToItselfAndNamesTheCall() {
    FlightRuntimeException error = Errors.toFlight(new IllegalStateException("secret"), call);
    assertThat(error.status().code()).isEqualTo(FlightStatusCode.INTERNAL);
    assertThat(error.status().description()).contains("call-7").doesNotContain("secret");
  }

  @Test
  void looksIntoWrappersAndKnowsTheEnginesFailures() {
    ArbalestException engine = ArbalestException.invalid("k: found 0");
    FlightRuntimeException error = Errors.toFlight(new CompletionException(engine), call);
    assertThat(error.status().code()).isEqualTo(FlightStatusCode.INVALID_ARGUMENT);
    assertThat(error.status().description()).isEqualTo("k: found 0");
  }

  @Test
  void callsAFullMemoryALimit() {
    FlightRuntimeException error = Errors.toFlight(new OutOfMemoryException("no room"), call);
    assertThat(error.status().code()).isEqualTo(FlightStatusCode.RESOURCE_EXHAUSTED);
    assertThat(error.status().description()).contains("call_memory_bytes");
  }
}
