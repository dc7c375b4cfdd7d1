package io.pgbackup.testing;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;

/// An HTTP proxy on 127.0.0.1 in front of a server, which breaks chosen requests in chosen ways.
/// Every request comes on a connection of its own.
public final class FaultyProxy implements AutoCloseable {
  private final URI upstream;
  private final List<Request> requests = new CopyOnWriteArrayList<>();
  private final List<Plan> plans = new CopyOnWriteArrayList<>();
  private final List<Storm> storms = new CopyOnWriteArrayList<>();
  private final int port;
  private volatile int bytesPerSecond = Integer.MAX_VALUE;
  private volatile ServerSocket listener;

  private FaultyProxy(URI upstream) {
    this.upstream = upstream;
    this.listener = listen(0);
    this.port = listener.getLocalPort();
  }

  public static FaultyProxy before(URI upstream) {
    return new FaultyProxy(upstream);
  }

  /// @param target path and query
  /// @param headers with lower-case names
  public record Request(String method, String target, Map<String, String> headers) {
    public boolean is(String expectedMethod, String partOfTarget) {
      return method.equals(expectedMethod) && target.contains(partOfTarget);
    }
  }

  public sealed interface Fault {
    /// The server does what it was asked; its answer is lost and the connection reset.
    record LoseAnswer() implements Fault {}

    /// The server never hears of it.
    record LoseRequest() implements Fault {}

    /// The server never hears of it; this is answered instead, with the wish to be left alone for
    /// an hour.
    record Answer(int status, String body) implements Fault {}

    /// The server never hears of it, and nothing is ever said; the connection stays.
    record Silence() implements Fault {}

    /// The answer breaks off after so many bytes of its body.
    ///
    /// @param reset as opposed to an end that looks regular
    record CutAnswer(int after, boolean reset) implements Fault {}
  }

  /// An answer in S3's form.
  public static Fault error(int status, String code) {
    return new Fault.Answer(
        status, "<Error><Code>" + code + "</Code><Message>by test</Message></Error>");
  }

  /// Breaks every request of a kind from now on until it ends, in each of its ways in turn.
  public final class Storm implements AutoCloseable {
    private final Predicate<Request> which;
    private final List<Fault> faults;
    private final AtomicInteger broken = new AtomicInteger();

    private Storm(Predicate<Request> which, List<Fault> faults) {
      this.which = which;
      this.faults = faults;
    }

    private Fault next() {
      return faults.get(broken.getAndIncrement() % faults.size());
    }

    /// Requests so far.
    public int broken() {
      return broken.get();
    }

    @Override
    public void close() {
      storms.remove(this);
    }
  }

  public Storm storm(Predicate<Request> which, Fault... faults) {
    Storm storm = new Storm(which, List.of(faults));
    storms.add(storm);
    return storm;
  }

  private static final class Plan {
    final Predicate<Request> which;
    final Fault fault;
    int left;

    Plan(int times, Predicate<Request> which, Fault fault) {
      this.left = times;
      this.which = which;
      this.fault = fault;
    }

    synchronized boolean takes(Request request) {
      if (left == 0 || !which.test(request)) {
        return false;
      }
      left--;
      return true;
    }
  }

  /// Breaks the next so many requests of this kind.
  public void breakNext(int times, Predicate<Request> which, Fault fault) {
    plans.add(new Plan(times, which, fault));
  }

  public URI endpoint() {
    return URI.create("http://127.0.0.1:" + port);
  }

  /// What came through so far.
  public List<Request> requests() {
    return List.copyOf(requests);
  }

  /// From now on each connection carries so much in a second, either way.
  public void slowTo(int rate) {
    bytesPerSecond = rate;
  }

  /// From now on connections are refused.
  public void refuse() {
    closeQuietly(listener);
  }

  public void acceptAgain() {
    listener = listen(port);
  }

  @Override
  public void close() {
    refuse();
  }

  private ServerSocket listen(int onPort) {
    try {
      var socket = new ServerSocket();
      socket.setReuseAddress(true);
      // what the kernel takes for us is no slow line
      socket.setReceiveBufferSize(1 << 16);
      socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), onPort));
      Thread.ofVirtual().name("faulty-proxy").start(() -> accept(socket));
      return socket;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void accept(ServerSocket socket) {
    while (!socket.isClosed()) {
      try {
        Socket client = socket.accept();
        Thread.ofVirtual().name("faulty-proxy-connection").start(() -> serve(client));
      } catch (IOException _) {
        return;
      }
    }
  }

  private void serve(Socket client) {
    try (client) {
      InputStream in = new BufferedInputStream(client.getInputStream());
      List<String> head = head(in);
      if (head.isEmpty()) {
        return;
      }
      Request request = request(head);
      requests.add(request);
      byte[] body =
          read(in, Integer.parseInt(request.headers().getOrDefault("content-length", "0")));
      answer(client, request, head, body, fault(request));
    } catch (IOException _) {
      // The client or the server went away, which is what tests here are about.
    }
  }

  private Optional<Fault> fault(Request request) {
    return plans.stream()
        .filter(plan -> plan.takes(request))
        .findFirst()
        .map(plan -> plan.fault)
        .or(
            () ->
                storms.stream()
                    .filter(storm -> storm.which.test(request))
                    .findFirst()
                    .map(Storm::next));
  }

  private void answer(
      Socket client, Request request, List<String> head, byte[] body, Optional<Fault> fault)
      throws IOException {
    OutputStream out = client.getOutputStream();
    if (fault.isEmpty()) {
      write(out, forward(head, body));
      return;
    }
    switch (fault.get()) {
      case Fault.LoseRequest() -> reset(client);
      case Fault.Silence() -> {
        // until whoever asks gives up
        var _ = client.getInputStream().read();
      }
      case Fault.LoseAnswer() -> {
        forward(head, body);
        reset(client);
      }
      case Fault.Answer(int status, String text) -> out.write(canned(request, status, text));
      case Fault.CutAnswer(int after, boolean reset) -> {
        byte[] whole = forward(head, body);
        out.write(whole, 0, Math.min(whole.length, bodyStart(whole) + after));
        out.flush();
        if (reset) {
          reset(client);
        }
      }
    }
  }

  private byte[] read(InputStream in, int size) throws IOException {
    var body = new ByteArrayOutputStream(size);
    while (body.size() < size) {
      byte[] some = in.readNBytes(Math.min(size - body.size(), atOnce()));
      if (some.length == 0) {
        break;
      }
      body.writeBytes(some);
      pause(some.length);
    }
    return body.toByteArray();
  }

  private void write(OutputStream out, byte[] answer) throws IOException {
    for (int from = 0; from < answer.length; ) {
      int length = Math.min(answer.length - from, atOnce());
      out.write(answer, from, length);
      pause(length);
      from += length;
    }
  }

  private int atOnce() {
    return Math.max(1, bytesPerSecond / 10);
  }

  private void pause(int length) throws IOException {
    try {
      Thread.sleep(1000L * length / bytesPerSecond);
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  private byte[] forward(List<String> head, byte[] body) throws IOException {
    try (var server = new Socket(upstream.getHost(), upstream.getPort())) {
      var message = new ByteArrayOutputStream();
      for (String line : head) {
        if (!line.regionMatches(true, 0, "connection:", 0, 11)) {
          message.writeBytes((line + "\r\n").getBytes(StandardCharsets.ISO_8859_1));
        }
      }
      message.writeBytes("Connection: close\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1));
      message.writeBytes(body);
      message.writeTo(server.getOutputStream());
      return server.getInputStream().readAllBytes();
    }
  }

  private static byte[] canned(Request request, int status, String body) {
    String sent = request.method().equals("HEAD") ? "" : body;
    return """
        HTTP/1.1 %d By test\r
        Content-Type: application/xml\r
        Content-Length: %d\r
        Connection: close\r
        Retry-After: 3600\r
        \r
        %s"""
        .formatted(status, sent.length(), sent)
        .getBytes(StandardCharsets.ISO_8859_1);
  }

  private static int bodyStart(byte[] answer) {
    return new String(answer, StandardCharsets.ISO_8859_1).indexOf("\r\n\r\n") + 4;
  }

  private static List<String> head(InputStream in) throws IOException {
    var text = new StringBuilder();
    while (text.indexOf("\r\n\r\n") < 0) {
      int octet = in.read();
      if (octet < 0) {
        return List.of();
      }
      text.append((char) octet);
    }
    return text.toString().lines().filter(line -> !line.isEmpty()).toList();
  }

  private static Request request(List<String> head) {
    String[] first = head.getFirst().split(" ");
    Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    for (String line : head.subList(1, head.size())) {
      int colon = line.indexOf(':');
      headers.put(line.substring(0, colon), line.substring(colon + 1).strip());
    }
    return new Request(first[0], first[1], headers);
  }

  private static void reset(Socket client) throws IOException {
    client.setSoLinger(true, 0);
    client.close();
  }

  private static void closeQuietly(ServerSocket socket) {
    try {
      socket.close();
    } catch (IOException _) {
      // Closed is all it has to be.
    }
  }
}
