package io.arbalest.server.flight;

import io.arbalest.store.StoreException;
import java.util.function.Supplier;
import org.apache.arrow.flight.Action;
import org.apache.arrow.flight.ActionType;
import org.apache.arrow.flight.Criteria;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightInfo;
import org.apache.arrow.flight.FlightProducer;
import org.apache.arrow.flight.FlightStream;
import org.apache.arrow.flight.PutResult;
import org.apache.arrow.flight.Result;
import org.apache.arrow.flight.Ticket;

/** Gives each Flight method to its handler. */
final class Producer implements FlightProducer {
  private final GetHandler get;
  private final PutHandler put;
  private final ExchangeHandler exchange;
  private final FlightInfos infos;
  private final Actions actions;

  Producer(Room room, ServerStatus status) {
    get = new GetHandler(room);
    put = new PutHandler(room);
    exchange = new ExchangeHandler(room);
    infos = new FlightInfos(room);
    actions = new Actions(room, status);
  }

  @Override
  public void getStream(CallContext context, Ticket ticket, ServerStreamListener listener) {
    get.accept(Call.current(), ticket, listener);
  }

  @Override
  public Runnable acceptPut(
      CallContext context, FlightStream stream, StreamListener<PutResult> results) {
    Call call = Call.current();
    return () -> put.run(call, stream, results);
  }

  @Override
  public void doExchange(CallContext context, FlightStream reader, ServerStreamListener writer) {
    exchange.run(Call.current(), reader, writer);
  }

  @Override
  public FlightInfo getFlightInfo(CallContext context, FlightDescriptor descriptor) {
    return mapped(() -> infos.info(descriptor));
  }

  @Override
  public void listFlights(
      CallContext context, Criteria criteria, StreamListener<FlightInfo> listener) {
    mapped(
        () -> {
          if (criteria.getExpression().length > 0) {
            throw StoreException.invalid("criteria: found an expression, allowed none");
          }
          infos.all().forEach(listener::onNext);
          return null;
        });
    listener.onCompleted();
  }

  @Override
  public void doAction(CallContext context, Action action, StreamListener<Result> listener) {
    actions.accept(Call.current(), action, listener);
  }

  @Override
  public void listActions(CallContext context, StreamListener<ActionType> listener) {
    actions.types().forEach(listener::onNext);
    listener.onCompleted();
  }

  private static <T> T mapped(Supplier<T> answer) {
    try {
      return answer.get();
    } catch (RuntimeException e) {
      throw Errors.toFlight(e, Call.current());
    }
  }
}
