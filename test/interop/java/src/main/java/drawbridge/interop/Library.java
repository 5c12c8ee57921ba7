package drawbridge.interop;

import java.nio.file.Path;
import java.util.List;

/** One SFTP library, logged in. Closing it ends the connection. */
interface Library extends AutoCloseable {
  record Entry(String name, boolean isDirectory) {}

  List<Entry> list(String directory) throws Exception;

  void put(Path local, String remote) throws Exception;

  void get(String remote, Path local) throws Exception;

  /** Sends what the remote file lacks. */
  void resumePut(Path local, String remote) throws Exception;

  /** Fetches what the local file lacks. */
  void resumeGet(String remote, Path local) throws Exception;

  void rename(String from, String to) throws Exception;

  boolean exists(String path) throws Exception;

  void makeDirectory(String directory) throws Exception;

  void remove(String file) throws Exception;

  void removeDirectory(String directory) throws Exception;
}
