package io.arbalest.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.arbalest.client.ResultStream;
import io.arbalest.client.SearchExchange;
import io.arbalest.client.SearchQuery;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Iterator;
import java.util.Map;
import org.apache.arrow.flight.Action;
import org.apache.arrow.flight.AsyncPutListener;
import org.apache.arrow.flight.Criteria;
import org.apache.arrow.flight.FlightClient.ClientStreamListener;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightRuntimeException;
import org.apache.arrow.flight.FlightStatusCode;
import org.apache.arrow.flight.Result;
import org.apache.arrow.flight.Ticket;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the server refuses, by which status, in what words; and that it lives on afterwards. */
@TestInstance(Lifecycle.PER_CLASS)
class StatusCodesTest {
  private LiveServer live;

  @BeforeAll
  void start(@TempDir Path data) throws IOException {
    live = LiveServer.start(data);
    try (VectorSchemaRoot batch =
        Batches.in(live.allocator())
            .ids("id", 1, 2)
            .vectors("vector", Batches.SINGLE, new float[] {1, 0}, new float[] {0, 1})
            .texts("word", "a", "b")
            .root(Map.of())) {
      live.client().put("d", batch);
    }
  }

  @AfterAll
  void stop() {
    live.close();
  }

  private static byte[] utf8(String json) {
    return json.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
  }

  private void get(String ticket) throws Exception {
    try (ResultStream stream = live.client().redeem(new Ticket(utf8(ticket)))) {
      while (stream.next()) {
        assertThat(stream.root().getRowCount()).isNotNegative();
      }
    }
  }

  private void act(String action, String body) {
    Iterator<Result> results = live.client().flight().doAction(new Action(action, utf8(body)));
    results.forEachRemaining(result -> assertThat(result.getBody()).isNotEmpty());
  }

  private void put(FlightDescriptor descriptor, VectorSchemaRoot batch) {
    AsyncPutListener acks = new AsyncPutListener();
    try (batch) {
      ClientStreamListener stream = live.client().flight().startPut(descriptor, batch, acks);
      stream.putNext();
      stream.completed();
      stream.getResult();
    }
  }

  private static void refuses(FlightStatusCode code, String message, ThrowingCallable call) {
    FlightRuntimeException error = catchThrowableOfType(FlightRuntimeException.class, call);
    assertThat(error).as("no error where %s was expected", code).isNotNull();
    assertThat(error.status().code()).as(error.getMessage()).isEqualTo(code);
    assertThat(error.status().description()).contains(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "INVALID_ARGUMENT | {'search':{'dataset':'d','vector':[1,0],'kk':1}} | search.kk",
        "INVALID_ARGUMENT | {'search':{'dataset':'d','vector':[1,0],'k':'1'}} | search.k",
        "INVALID_ARGUMENT | {'search':{'dataset':'d','vector':[1,0,0]}} | 3",
        "INVALID_ARGUMENT | {'search':{'dataset':'d','vector':[1,0],'columns':['wrod']}} | wrod",
        "INVALID_ARGUMENT | {'search':{'dataset':'d','id':'x'}} | id",
        "NOT_FOUND        | {'search':{'dataset':'e','vector':[1,0]}} | 'e'",
        "NOT_FOUND        | {'search':{'dataset':'d','id':77}} | 77",
        "NOT_FOUND        | {'scan':{'dataset':'e'}} | 'e'",
        "INVALID_ARGUMENT | {'scan':{'dataset':'d','columns':['wrod']}} | wrod",
        "INVALID_ARGUMENT | nonsense | ticket: not JSON",
        "INVALID_ARGUMENT | {'search':{'dataset':'d','vector':[1,0],'filter':"
            + "{'field':'a','op':'=','value':1}}} | field 'a'",
        "INVALID_ARGUMENT | {'search':{'dataset':'d','vector':[1,0],'text':'x'}}"
            + " | text: dataset 'd' has no text columns",
        "INVALID_ARGUMENT | {'search':{'dataset':'d','text':'x','alpha':1}}"
            + " | alpha: found without a vector",
        "TIMED_OUT        | {'search':{'dataset':'d','vector':[1,0],'min_sequence':77,"
            + "'timeout_ms':5}} | wanted 77",
        "INVALID_ARGUMENT | {'search':{'dataset':'d','vector':[1,0],'target_recall':1}}"
            + " | search.target_recall: found 1, allowed a number above 0.0 and below 1.0",
        "INVALID_ARGUMENT | {'search':{'dataset':'d','vector':[1,0],'filter':"
            + "{'field':'word','op':'~','value':'a'}}} | search.filter.op: found '~', allowed",
        "INVALID_ARGUMENT | {'search':{'dataset':'d','vector':[1,0],'filter':"
            + "{'field':'word','op':'=','value':1}}} | 'word' (Utf8): found 1, allowed a text",
        "INVALID_ARGUMENT | {'scan':{'dataset':'d','filter':{'not':{'field':'word',"
            + "'op':'in','value':['a',true]}}}} | 'word' (Utf8): found true",
        "INVALID_ARGUMENT | {'scan':{'dataset':'d','filter':{'field':'a','op':'=','value':1}}}"
            + " | field 'a'",
      })
  void aTicket(FlightStatusCode code, String ticket, String message) {
    refuses(code, message, () -> get(ticket));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "INVALID_ARGUMENT | explode          | {}                       | action: found 'explode'",
        "INVALID_ARGUMENT | status           | {'datset':'d'}           | status.datset",
        "NOT_FOUND        | status           | {'dataset':'e'}          | 'e'",
        "INVALID_ARGUMENT | flush            | {}                       | flush.dataset: missing",
        "NOT_FOUND        | flush            | {'dataset':'e'}          | 'e'",
        "NOT_FOUND        | freeze           | {'dataset':'e'}          | 'e'",
        "NOT_FOUND        | snapshot         | {'dataset':'e'}          | 'e'",
        "NOT_FOUND        | describe-dataset | {'dataset':'e'}          | 'e'",
        "NOT_FOUND        | drop-dataset     | {'dataset':'e'}          | 'e'",
        "INVALID_ARGUMENT | delete           | {'dataset':'d'}          | found neither of ids, filter",
        "INVALID_ARGUMENT | delete           | {'dataset':'d','ids':[1],'filter':{}} | found both",
        "INVALID_ARGUMENT | delete           | {'dataset':'d','filter':"
            + "{'field':'wrod','op':'is_null'}} | field 'wrod'",
        "INVALID_ARGUMENT | delete           | {'dataset':'d','ids':[]} | delete.ids",
        "INVALID_ARGUMENT | delete           | {'dataset':'d','ids':['x']} | delete.ids[0]",
        "INVALID_ARGUMENT | delete           | {'dataset':'d','ids':[1.5]} | delete.ids[0]",
        "INVALID_ARGUMENT | delete           | {'dataset':'d','filter':{}} | delete.filter",
        "INVALID_ARGUMENT | add-columns      | {'dataset':'d'} | add-columns.columns: found none",
        "INVALID_ARGUMENT | add-columns"
            + " | {'dataset':'d','columns':[{'name':'word','type':'int8'}]}"
            + " | 'word': found Int(8, true), allowed Utf8",
        "NOT_FOUND        | add-columns"
            + " | {'dataset':'e','columns':[{'name':'a','type':'int8'}]} | 'e'",
        "ALREADY_EXISTS   | create-dataset   | {'dataset':'d','dimension':2} | 'd'",
        "INVALID_ARGUMENT | create-dataset   | {'dataset':'-','dimension':2} | dataset name",
        "INVALID_ARGUMENT | create-dataset   | {'dataset':'n','dimension':0}"
            + " | create-dataset.dimension",
        "INVALID_ARGUMENT | create-dataset   | {'dataset':'n','dimension':9000} | 9000",
        "INVALID_ARGUMENT | create-dataset   | {'dataset':'n','dimension':2,'metric':'l3'} | l3",
        "INVALID_ARGUMENT | create-dataset"
            + " | {'dataset':'n','dimension':2,'columns':[{'name':'a','type':'utf8',"
            + "'index':'range'}]} | column 'a': arbalest.index: found 'range', allowed [auto,",
        "INVALID_ARGUMENT | create-dataset"
            + " | {'dataset':'n','dimension':2,'columns':[{'name':'a','type':'money'}]}"
            + " | create-dataset.columns[0].type",
      })
  void anAction(FlightStatusCode code, String action, String body, String message) {
    refuses(code, message, () -> act(action, body));
  }

  @Test
  void aDescriptor() {
    refuses(
        FlightStatusCode.NOT_FOUND,
        "'e'",
        () -> live.client().flight().getInfo(FlightDescriptor.path("e")));
    refuses(
        FlightStatusCode.INVALID_ARGUMENT,
        "path of 2 names",
        () -> live.client().flight().getInfo(FlightDescriptor.path("a", "b")));
    refuses(
        FlightStatusCode.INVALID_ARGUMENT,
        "criteria",
        () ->
            live.client()
                .flight()
                .listFlights(new Criteria(utf8("x")))
                .forEach(info -> assertThat(info).isNotNull()));
  }

  @Test
  void aPut() {
    float[] flat = {1, 0};
    refuses(
        FlightStatusCode.INVALID_ARGUMENT,
        "dataset name",
        () -> put(FlightDescriptor.path("no spaces"), plain(flat)));
    refuses(
        FlightStatusCode.INVALID_ARGUMENT,
        "descriptor",
        () -> put(FlightDescriptor.command(utf8("{}")), plain(flat)));
    refuses(
        FlightStatusCode.INVALID_ARGUMENT,
        "descriptor",
        () -> put(FlightDescriptor.path("a", "b"), plain(flat)));
    refuses(
        FlightStatusCode.INVALID_ARGUMENT,
        "vector",
        () -> put(FlightDescriptor.path("d"), plain(1, 0, 0)));
    refuses(
        FlightStatusCode.INVALID_ARGUMENT,
        "row 0",
        () -> put(FlightDescriptor.path("n"), plain(Float.NaN, 0)));
    refuses(
        FlightStatusCode.INVALID_ARGUMENT,
        "vector",
        () ->
            put(
                FlightDescriptor.path("n"),
                Batches.in(live.allocator()).ids("id", 1).root(Map.of())));
    refuses(
        FlightStatusCode.INVALID_ARGUMENT,
        "l7",
        () ->
            put(
                FlightDescriptor.path("m"),
                Batches.in(live.allocator())
                    .ids("id", 1)
                    .vectors("vector", Batches.SINGLE, flat)
                    .root(Map.of("arbalest.metric", "l7"))));
    refuses(
        FlightStatusCode.INVALID_ARGUMENT,
        "arbalest.metric': found 'l2', allowed 'cosine'",
        () ->
            put(
                FlightDescriptor.path("d"),
                Batches.in(live.allocator())
                    .ids("id", 1)
                    .vectors("vector", Batches.SINGLE, flat)
                    .root(Map.of("arbalest.metric", "l2"))));
  }

  private VectorSchemaRoot plain(float... vector) {
    return Batches.in(live.allocator())
        .ids("id", 9)
        .vectors("vector", Batches.SINGLE, vector)
        .texts("word", "x")
        .root(Map.of());
  }

  private void exchange(SearchQuery query, VectorSchemaRoot queries) {
    try (queries;
        SearchExchange exchange = live.client().openSearch(query, queries)) {
      exchange.send();
      exchange.finishSending();
      LiveServer.rows(exchange.results());
    }
  }

  private VectorSchemaRoot queries(float[]... vectors) {
    return Batches.in(live.allocator()).vectors("vector", Batches.SINGLE, vectors).root(Map.of());
  }

  @Test
  void anExchange() {
    float[] good = {1, 0};
    refuses(FlightStatusCode.NOT_FOUND, "'e'", () -> exchange(SearchQuery.of("e"), queries(good)));
    refuses(
        FlightStatusCode.INVALID_ARGUMENT,
        "search.vector",
        () -> exchange(SearchQuery.of("d").vector(1, 0), queries(good)));
    refuses(
        FlightStatusCode.INVALID_ARGUMENT,
        "column 'extra'",
        () ->
            exchange(
                SearchQuery.of("d"),
                Batches.in(live.allocator())
                    .vectors("vector", Batches.SINGLE, good)
                    .texts("extra", "x")
                    .root(Map.of())));
    refuses(
        FlightStatusCode.INVALID_ARGUMENT,
        "dimension 3",
        () -> exchange(SearchQuery.of("d"), queries(new float[] {1, 0, 0})));
  }

  @Test
  void aSearchThatTakesTooLong() throws IOException {
    try (VectorSchemaRoot batch = Batches.random(live.allocator(), 0, 4000, 256, 1)) {
      live.client().put("slow", batch);
    }
    float[][] queries = Batches.randomVectors(1000, 256, 2);
    refuses(
        FlightStatusCode.TIMED_OUT,
        "timeout_ms: 1000 queries took longer than 1 ms",
        () -> {
          SearchQuery query =
              SearchQuery.of("slow")
                  .vectors(queries)
                  .exact(true)
                  .k(1000)
                  .timeout(Duration.ofMillis(1));
          live.hits(query);
        });
  }
}
