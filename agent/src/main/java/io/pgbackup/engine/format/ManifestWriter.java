package io.pgbackup.engine.format;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.OutputStream;

/// Writes a manifest as a stream: memory does not grow with the number of files. Not thread-safe.
public final class ManifestWriter implements AutoCloseable {
  private final JsonGenerator json;

  /// @param sink gets the compressed document; closed with this writer
  public ManifestWriter(OutputStream sink, Manifest manifest) throws IOException {
    json = Documents.STREAMING.createGenerator(Codec.ZSTD.compressing(sink));
    json.writeStartObject();
    json.writeNumberField("version", manifest.version());
    json.writeStringField("backup", manifest.backup().value());
    json.writeArrayFieldStart("tablespaces");
    for (Manifest.Tablespace tablespace : manifest.tablespaces()) {
      json.writeStartObject();
      json.writeStringField("oid", tablespace.oid());
      json.writeStringField("name", tablespace.name());
      json.writeStringField("location", tablespace.location());
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeArrayFieldStart("files");
  }

  public void add(ManifestFile file) throws IOException {
    json.writeStartObject();
    json.writeStringField("path", file.path());
    json.writeNumberField("size", file.size());
    json.writeStringField("sha256", file.sha256());
    json.writeStringField("part", file.part());
    if (!file.corruptPages().isEmpty()) {
      json.writeArrayFieldStart("corruptPages");
      for (long page : file.corruptPages()) {
        json.writeNumber(page);
      }
      json.writeEndArray();
    }
    json.writeEndObject();
  }

  /// Ends the document. A writer that failed must be closed as well, and what it wrote thrown away.
  @Override
  public void close() throws IOException {
    json.close();
  }
}
