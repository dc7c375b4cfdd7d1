package io.pgbackup.cli.rehearsal;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.pgbackup.engine.format.Codec;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/// A bucket on this machine that can be read, with one cluster of one base backup whose tars are
/// missing: as much of S3 as `ListObjectsV2`, `GetObject` and `HeadObject` need.
///
/// Thread-safe.
final class SmallBucket implements AutoCloseable {
  private static final String NO_UPLOADS =
      """
      <?xml version="1.0" encoding="UTF-8"?>
      <ListMultipartUploadsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">\
      <IsTruncated>false</IsTruncated></ListMultipartUploadsResult>""";
  private static final String NO_KEY =
      """
      <?xml version="1.0" encoding="UTF-8"?>
      <Error><Code>NoSuchKey</Code><Message>none</Message></Error>""";
  private static final String FOLDER =
      "pgbackup/default/orders/0b62a3b0-7a0c-4d5e-9d6f-1f6ed2a1c001/18/";
  private static final Map<String, String> DOCUMENTS =
      Map.of(
          "pgbackup/claim.json",
          """
          {"cluster":"orders","namespace":"default","uid":"0b62a3b0-7a0c-4d5e-9d6f-1f6ed2a1c001",\
          "systemIdentifier":"7710920779277900480","pgVersion":180000,"segmentSize":1048576,\
          "claimedAt":"2026-01-01T00:00:00Z"}""",
          "pgbackup/policy/20260101T000000.000Z.json",
          """
          {"keepFull":7,"windowSeconds":1209600,"keepDaily":0,"keepWeekly":0,"keepMonthly":0,\
          "keepYearly":0,"timeZone":"UTC","writtenBy":"rehearsal",\
          "writtenAt":"2026-01-01T00:00:00Z"}""",
          "basebackups_005/base_000000010000000000000002_backup_stop_sentinel.json",
          """
          {"LSN":2097192,"PgVersion":180000,"FinishLSN":2097408,\
          "SystemIdentifier":7710920779277900480,"UncompressedSize":30000000,\
          "CompressedSize":4000000,"Version":2,"StartTime":"2026-01-01T00:00:01Z",\
          "FinishTime":"2026-01-01T00:00:02Z","Hostname":"rehearsal","DataDir":"/data",\
          "IsPermanent":false}""",
          "basebackups_005/base_000000010000000000000002/metadata.json",
          """
          {"start_time":"2026-01-01T00:00:01Z","finish_time":"2026-01-01T00:00:02Z",\
          "hostname":"rehearsal","data_dir":"/data","pg_version":180000,"start_lsn":2097192,\
          "finish_lsn":2097408,"is_permanent":false,"system_identifier":7710920779277900480,\
          "uncompressed_size":30000000,"compressed_size":4000000}""");

  private final SortedMap<String, byte[]> objects = new TreeMap<>();
  private final HttpServer server;

  SmallBucket() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    DOCUMENTS.forEach((key, text) -> objects.put(FOLDER + key, text.getBytes(UTF_8)));
    byte[] segment = Codec.LZ4.compress(new byte[1 << 20]);
    for (String name : List.of("000000010000000000000002", "000000010000000000000003")) {
      objects.put(FOLDER + "wal_005/" + name + ".lz4", segment);
    }
    server.createContext("/", this::answer);
    server.start();
  }

  String endpoint() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      Map<String, String> parameters = parameters(exchange.getRequestURI());
      String[] path = exchange.getRequestURI().getPath().split("/", 3);
      if (parameters.containsKey("list-type")) {
        send(exchange, 200, list(parameters).getBytes(UTF_8));
      } else if (parameters.containsKey("uploads")) {
        send(exchange, 200, NO_UPLOADS.getBytes(UTF_8));
      } else {
        byte[] object = path.length < 3 ? null : objects.get(path[2]);
        if (object == null) {
          send(exchange, 404, NO_KEY.getBytes(UTF_8));
        } else {
          send(exchange, 200, object);
        }
      }
    }
  }

  private static Map<String, String> parameters(URI uri) {
    Map<String, String> parameters = new HashMap<>();
    if (uri.getRawQuery() != null) {
      Arrays.stream(uri.getRawQuery().split("&"))
          .map(parameter -> parameter.split("=", 2))
          .forEach(
              pair ->
                  parameters.put(
                      pair[0], pair.length < 2 ? "" : URLDecoder.decode(pair[1], UTF_8)));
    }
    return parameters;
  }

  private String list(Map<String, String> parameters) {
    String prefix = parameters.getOrDefault("prefix", "");
    String delimiter = parameters.getOrDefault("delimiter", "");
    var folders = new TreeSet<String>();
    var entries = new StringBuilder();
    objects.forEach(
        (key, content) -> {
          int end = delimiter.isEmpty() ? -1 : key.indexOf(delimiter, prefix.length());
          if (!key.startsWith(prefix)) {
            return;
          }
          if (end >= 0) {
            folders.add(key.substring(0, end + 1));
          } else {
            entries.append(
                "<Contents><Key>%s</Key><LastModified>2026-01-01T00:00:02.000Z</LastModified><ETag>\"e\"</ETag><Size>%d</Size></Contents>"
                    .formatted(key, content.length));
          }
        });
    folders.forEach(
        folder ->
            entries.append(
                "<CommonPrefixes><Prefix>%s</Prefix></CommonPrefixes>".formatted(folder)));
    return """
        <?xml version="1.0" encoding="UTF-8"?>
        <ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>rehearsal</Name>\
        <MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated>%s</ListBucketResult>"""
        .formatted(entries);
  }

  private static void send(HttpExchange exchange, int status, byte[] body) throws IOException {
    boolean headOnly = exchange.getRequestMethod().equals("HEAD");
    exchange.getResponseHeaders().set("ETag", "\"e\"");
    exchange.getResponseHeaders().set("Last-Modified", "Thu, 01 Jan 2026 00:00:02 GMT");
    if (headOnly) {
      exchange.getResponseHeaders().set("Content-Length", Integer.toString(body.length));
    }
    exchange.sendResponseHeaders(status, headOnly ? -1 : body.length);
    if (!headOnly) {
      exchange.getResponseBody().write(body);
    }
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
