package io.arbalest.bench.service;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What goes through a relay arrives, and what the server sent is counted. */
class CountingRelayTest {
  @Test
  void countsWhatTheServerSends() throws Exception {
    byte[] question = new byte[70_000];
    byte[] answer = new byte[100_000];
    new Random(1).nextBytes(question);
    new Random(2).nextBytes(answer);
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        CountingRelay relay = new CountingRelay(server.getLocalPort());
        Socket client =
            new Socket(InetAddress.getLoopbackAddress(), URI.create(relay.uri()).getPort());
        Socket accepted = server.accept()) {
      new DataOutputStream(client.getOutputStream()).write(question);
      byte[] asked = new byte[question.length];
      new DataInputStream(accepted.getInputStream()).readFully(asked);
      assertThat(asked).isEqualTo(question);
      assertThat(relay.bytes()).isZero();

      new DataOutputStream(accepted.getOutputStream()).write(answer);
      byte[] answered = new byte[answer.length];
      new DataInputStream(client.getInputStream()).readFully(answered);
      assertThat(answered).isEqualTo(answer);
      assertThat(relay.bytes()).isEqualTo(answer.length);
    }
  }
}
