package io.arbalest.server.flight;

import io.arbalest.engine.ElementType;
import io.arbalest.store.Dataset;
import io.arbalest.store.StoreException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightEndpoint;
import org.apache.arrow.flight.FlightInfo;
import org.apache.arrow.flight.Ticket;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * GetFlightInfo and ListFlights. The schema is that of what the endpoint's ticket gives: for a
 * dataset every column with the vectors as they are kept, for a command its own answer.
 */
final class FlightInfos {
  private static final long UNKNOWN = -1;

  private final Room room;

  FlightInfos(Room room) {
    this.room = room;
  }

  FlightInfo info(FlightDescriptor descriptor) {
    return descriptor.isCommand() ? ofCommand(descriptor) : ofPath(descriptor);
  }

  List<FlightInfo> all() {
    List<FlightInfo> infos = new ArrayList<>();
    for (Dataset dataset : room.store().datasets()) {
      infos.add(ofDataset(dataset, FlightDescriptor.path(dataset.name())));
    }
    return infos;
  }

  private FlightInfo ofPath(FlightDescriptor descriptor) {
    if (descriptor.getPath().size() != 1) {
      throw StoreException.invalid(
          "descriptor: found a path of %d names, allowed one, the dataset",
          descriptor.getPath().size());
    }
    return ofDataset(room.store().dataset(descriptor.getPath().get(0)), descriptor);
  }

  private static FlightInfo ofDataset(Dataset dataset, FlightDescriptor descriptor) {
    ElementType element = dataset.spec().element();
    // A dataset's name needs no escapes in JSON.
    String ticket =
        "{\"scan\":{\"dataset\":\"%s\",\"columns\":[\"*\"],\"vectors_as\":\"%s\"}}"
            .formatted(dataset.name(), element.wireName());
    return of(
        dataset.scanSchema(((ScanTicket) TicketParser.ticket(utf8(ticket))).request()),
        descriptor,
        utf8(ticket),
        dataset.rowCount());
  }

  private FlightInfo ofCommand(FlightDescriptor descriptor) {
    Object ticket = TicketParser.ticket(descriptor.getCommand());
    Schema schema;
    if (ticket instanceof SearchTicket search) {
      schema =
          room.store()
              .dataset(search.dataset())
              .searchSchema(search.request(null, null, search.options().timeout()));
    } else if (ticket instanceof JoinTicket join) {
      schema = new JoinHandler(room).schema(join, room.allocator());
    } else {
      ScanTicket scan = (ScanTicket) ticket;
      schema = room.store().dataset(scan.dataset()).scanSchema(scan.request());
    }
    return of(schema, descriptor, descriptor.getCommand(), UNKNOWN);
  }

  private static FlightInfo of(
      Schema schema, FlightDescriptor descriptor, byte[] ticket, long rows) {
    // No location: the server that gave the endpoint serves it.
    FlightEndpoint endpoint = new FlightEndpoint(new Ticket(ticket));
    return new FlightInfo(schema, descriptor, List.of(endpoint), UNKNOWN, rows);
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
