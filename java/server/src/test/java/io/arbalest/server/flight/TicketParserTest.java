package io.arbalest.server.flight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.store.SearchRequest;
import io.arbalest.store.StoreException;
import io.arbalest.store.StoreException.Category;
import io.arbalest.store.VectorsAs;
import io.arbalest.store.filter.Filter;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TicketParserTest {
  private static byte[] utf8(String json) {
    // Single quotes read better in a table of Java strings.
    return json.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void readsASearchWithEveryField() {
    SearchTicket ticket =
        (SearchTicket)
            TicketParser.ticket(
                utf8(
                    "{'search':{'dataset':'d','vectors':[[1,2],[3.5,-4e-2]],'k':3,'ef':50,"
                        + "'exact':true,'columns':['a','b'],'vectors_as':'float32',"
                        + "'timeout_ms':250}}"));
    assertThat(ticket.dataset()).isEqualTo("d");
    assertThat(ticket.vectors()).isDeepEqualTo(new float[][] {{1, 2}, {3.5f, -0.04f}});
    assertThat(ticket.options().k()).isEqualTo(3);
    assertThat(ticket.options().ef()).isEqualTo(50);
    assertThat(ticket.options().exact()).isTrue();
    assertThat(ticket.options().columns()).containsExactly("a", "b");
    assertThat(ticket.options().vectorsAs()).isEqualTo(VectorsAs.FLOAT32);
    assertThat(ticket.options().timeout()).isEqualTo(Duration.ofMillis(250));
  }

  @Test
  void fillsInTheDefaults() {
    SearchTicket ticket =
        (SearchTicket) TicketParser.ticket(utf8("{'search':{'dataset':'d','id':'x'}}"));
    assertThat(ticket.vectors()).isNull();
    assertThat(ticket.options().likeId()).isEqualTo("x");
    assertThat(ticket.options().k()).isEqualTo(10);
    assertThat(ticket.options().ef()).isNull();
    assertThat(ticket.options().exact()).isFalse();
    assertThat(ticket.options().columns()).isEmpty();
    assertThat(ticket.options().vectorsAs()).isEqualTo(VectorsAs.SQ8);
    assertThat(ticket.options().timeout()).isEqualTo(Duration.ofSeconds(10));
  }

  @Test
  void readsAScan() {
    ScanTicket ticket =
        (ScanTicket) TicketParser.ticket(utf8("{'scan':{'dataset':'d','columns':['*']}}"));
    assertThat(ticket.dataset()).isEqualTo("d");
    assertThat(ticket.request().columns()).containsExactly("*");
    assertThat(ticket.request().limit()).isEqualTo(Long.MAX_VALUE);
  }

  private static SearchRequest search(String command) {
    return ((SearchTicket) TicketParser.exchange(utf8(command))).options();
  }

  @Test
  void takesAnExchangesCommandBareOrAsATicket() {
    assertThat(search("{'dataset':'d','k':4}").k()).isEqualTo(4);
    assertThat(search("{'search':{'dataset':'d','k':5}}").k()).isEqualTo(5);
    assertThatThrownBy(() -> TicketParser.exchange(utf8("{'dataset':'d','vector':[1]}")))
        .hasMessageContaining("search.vector")
        .hasMessageContaining("DoExchange");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'search':{'dataset':'d','vector':[1],'kk':3}}         | search.kk: unknown key",
        "{'search':{'dataset':'d','vector':[1]},'x':1}          | ticket.x: unknown key",
        "{'scan':{'dataset':'d','offset':1}}                    | scan.offset: unknown key",
        "{'search':{'dataset':'d','vector':[1],'k':1,'k':2}}    | Duplicate field 'k'",
        "{'search':{'dataset':'d','vector':[1],'k':'3'}}"
            + " | search.k: found \"3\", allowed an integer 1..10000",
        "{'search':{'dataset':'d','vector':[1],'k':0}}   | search.k: found 0, allowed an integer 1",
        "{'search':{'dataset':'d','vector':[1],'k':10001}}      | search.k: found 10001",
        "{'search':{'dataset':'d','vector':[1],'k':2.0}}        | search.k: found 2.0",
        "{'search':{'dataset':'d','vector':[1],'ef':null}}      | search.ef: found null",
        "{'search':{'dataset':'d','vector':[1],'exact':1}}"
            + " | search.exact: found 1, allowed true or false",
        "{'search':{'dataset':'d','vector':[1],'columns':'a'}}"
            + " | search.columns: found \"a\", allowed an array of strings",
        "{'search':{'dataset':'d','vector':[1],'columns':[1]}}  | search.columns[0]: found 1",
        "{'search':{'dataset':'d','vector':[1],'vectors_as':'f16'}} | vectors_as: found 'f16'",
        "{'search':{'dataset':'d','vector':[1],'timeout_ms':0}} | search.timeout_ms: found 0",
        "{'search':{'dataset':1,'vector':[1]}}   | search.dataset: found 1, allowed a string",
        "{'search':{'vector':[1]}}                              | search.dataset: missing",
        "{'search':{'dataset':'d','vector':[]}}     | search.vector: dimension: found 0",
        "{'search':{'dataset':'d','vector':[1,'x']}} | search.vector[1]: found \"x\"",
        "{'search':{'dataset':'d','vector':[1e39]}}  | search.vector[0]: found 1.0E39",
        "{'search':{'dataset':'d','vector':5}}       | search.vector: found 5, allowed an array",
        "{'search':{'dataset':'d','vectors':[[1,2],[3]]}} | search.vectors[1]: found dimension 1",
        "{'search':{'dataset':'d','vectors':[]}}     | search.vectors: found 0 vectors",
        "{'search':{'dataset':'d','id':1.5}}         | search.id: found 1.5",
        "{'search':{'dataset':'d'}} | search: found 0 of vector, vectors, id, allowed exactly one",
        "{'search':{'dataset':'d','id':1,'vector':[1]}} | search: found 2 of vector, vectors, id",
        "{'search':{'dataset':'d','vector':[1],'ef':9,'target_recall':0.9}}"
            + " | search.target_recall: found beside ticket.search.ef",
        "{'search':{'dataset':'d','vector':[1],'target_recall':1}}"
            + " | search.target_recall: found 1, allowed a number above 0.0 and below 1.0",
        "{'search':{'dataset':'d','vector':[1],'alpha':0.5}} | search.alpha: found without",
        "{'search':{'dataset':'d','text':'x','alpha':2}}   | search.alpha: found 2, allowed",
        "{'scan':{'dataset':'d','filter':{}}}  | scan.filter: found none of and, or, not, field",
        "{'scan':{'dataset':'d','filter':{'and':[]}}}   | scan.filter.and: found no filter",
        "{'scan':{'dataset':'d','filter':{'not':{'field':'a'}}}} | scan.filter.not.op: missing",
        "{'scan':{'dataset':'d','filter':{'field':'a','op':'~','value':1}}}"
            + " | scan.filter.op: found '~', allowed one of = != < <= > >= in between is_null",
        "{'scan':{'dataset':'d','filter':{'field':'a','op':'between','value':[1]}}}"
            + " | scan.filter.value: found 1 values, allowed 2",
        "{'scan':{'dataset':'d','filter':{'field':'a','op':'=','value':null}}}"
            + " | scan.filter.value: found null",
        "{'search':{'dataset':'d'},'scan':{'dataset':'d'}} | ticket: found scan and search",
        "{}                                          | ticket: found neither",
        "[]                                          | ticket: found array, allowed an object",
        "{'scan':7}                                  | ticket.scan: found 7, allowed an object",
        "{'scan':{'dataset':'d','limit':-1}}         | scan.limit: found -1",
        "{'scan':{'dataset':'d'}} {}                 | ticket: not JSON",
        "{'scan':{'dataset':'d'}                     | ticket: not JSON",
      })
  void refusesAndNamesTheField(String json, String message) {
    assertThatThrownBy(() -> TicketParser.ticket(utf8(json)))
        .isInstanceOfSatisfying(
            StoreException.class,
            e -> assertThat(e.category()).isEqualTo(Category.INVALID_ARGUMENT))
        .hasMessageContaining(message);
  }

  @Test
  void readsWhatASearchMayHaveBesides() {
    SearchTicket ticket =
        (SearchTicket)
            TicketParser.ticket(
                utf8(
                    "{'search':{'dataset':'d','text':'x y','alpha':0.5,'target_recall':0.9,"
                        + "'min_sequence':7,'cache':false}}"));
    assertThat(ticket.vectors()).isNull();
    SearchRequest options = ticket.options();
    assertThat(options.text()).isEqualTo("x y");
    assertThat(options.alpha()).isEqualTo(0.5);
    assertThat(options.targetRecall()).isEqualTo(0.9);
    assertThat(options.minSequence()).isEqualTo(7);
    assertThat(options.cache()).isFalse();
  }

  @Test
  void readsAFilter() {
    String json =
        "{'and':[{'field':'a','op':'>=','value':1.5},{'or':["
            + "{'field':'b','op':'in','value':['x','y']},"
            + "{'not':{'field':'c','op':'between','value':[1,2]}}]},"
            + "{'field':'d','op':'is_null'},{'field':'e','op':'contains','value':true}]}";
    Filter filter =
        ((ScanTicket) TicketParser.ticket(utf8("{'scan':{'dataset':'d','filter':" + json + "}}")))
            .request()
            .filter();
    assertThat(filter)
        .isEqualTo(
            new Filter.And(
                List.of(
                    new Filter.Compare("a", Filter.Comparison.GE, new BigDecimal("1.5")),
                    new Filter.Or(
                        List.of(
                            new Filter.In("b", List.of("x", "y")),
                            new Filter.Not(
                                new Filter.Between("c", BigDecimal.ONE, BigDecimal.valueOf(2))))),
                    new Filter.IsNull("d"),
                    new Filter.Contains("e", true))));
  }
}
