package drawbridge.interop;

import com.jcraft.jsch.ChannelSftp;
import com.jcraft.jsch.JSch;
import com.jcraft.jsch.Session;
import com.jcraft.jsch.SftpException;
import com.jcraft.jsch.UIKeyboardInteractive;
import com.jcraft.jsch.UserInfo;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** JSch, the maintained fork. */
final class JschLibrary implements Library {
  private static final int TIMEOUT_MS = 20_000;

  private final Session session;
  private final ChannelSftp sftp;

  private JschLibrary(Session session, ChannelSftp sftp) {
    this.session = session;
    this.sftp = sftp;
  }

  static Library open(Request request) throws Exception {
    JSch jsch = new JSch();
    jsch.setKnownHosts(request.knownHostsFile());
    if (request.keyFile() != null) {
      if (request.certificateFile() == null) jsch.addIdentity(request.keyFile());
      else jsch.addIdentity(request.keyFile(), request.certificateFile(), null);
    }
    Session session = jsch.getSession(request.userName(), request.host(), request.port());
    session.setConfig("PreferredAuthentications", "publickey,keyboard-interactive,password");
    if (request.kex() != null) session.setConfig("kex", request.kex());
    if (request.password() != null) session.setPassword(request.password());
    if (request.answers() != null) session.setUserInfo(new Answers(request.answers()));
    session.connect(TIMEOUT_MS);
    ChannelSftp sftp = (ChannelSftp) session.openChannel("sftp");
    sftp.connect(TIMEOUT_MS);
    return new JschLibrary(session, sftp);
  }

  @Override
  public List<Entry> list(String directory) throws SftpException {
    List<Entry> entries = new ArrayList<>();
    sftp.ls(
        quoted(directory),
        entry -> {
          entries.add(new Entry(entry.getFilename(), entry.getAttrs().isDir()));
          return ChannelSftp.LsEntrySelector.CONTINUE;
        });
    return entries;
  }

  @Override
  public void put(Path local, String remote) throws SftpException {
    sftp.put(quoted(local.toString()), quoted(remote), ChannelSftp.OVERWRITE);
  }

  @Override
  public void get(String remote, Path local) throws SftpException {
    sftp.get(quoted(remote), quoted(local.toString()), null, ChannelSftp.OVERWRITE);
  }

  @Override
  public void resumePut(Path local, String remote) throws SftpException {
    sftp.put(quoted(local.toString()), quoted(remote), ChannelSftp.RESUME);
  }

  @Override
  public void resumeGet(String remote, Path local) throws SftpException {
    sftp.get(quoted(remote), quoted(local.toString()), null, ChannelSftp.RESUME);
  }

  @Override
  public void rename(String from, String to) throws SftpException {
    sftp.rename(quoted(from), quoted(to));
  }

  @Override
  public boolean exists(String path) throws SftpException {
    try {
      sftp.stat(quoted(path));
      return true;
    } catch (SftpException error) {
      if (error.id == ChannelSftp.SSH_FX_NO_SUCH_FILE) return false;
      throw error;
    }
  }

  @Override
  public void makeDirectory(String directory) throws SftpException {
    sftp.mkdir(directory);
  }

  @Override
  public void remove(String file) throws SftpException {
    sftp.rm(quoted(file));
  }

  @Override
  public void removeDirectory(String directory) throws SftpException {
    sftp.rmdir(quoted(directory));
  }

  @Override
  public void close() {
    sftp.disconnect();
    session.disconnect();
  }

  /** JSch takes every name for a pattern. */
  private static String quoted(String path) {
    return path.replaceAll("[\\\\*?]", "\\\\$0");
  }

  private static final class Answers implements UserInfo, UIKeyboardInteractive {
    private final List<String> answers;

    Answers(List<String> answers) {
      this.answers = new ArrayList<>(answers);
    }

    @Override
    public String[] promptKeyboardInteractive(
        String destination, String name, String instruction, String[] prompts, boolean[] echo) {
      List<String> next = answers.subList(0, prompts.length);
      String[] given = next.toArray(String[]::new);
      next.clear();
      return given;
    }

    @Override
    public String getPassphrase() {
      return null;
    }

    @Override
    public String getPassword() {
      return null;
    }

    @Override
    public boolean promptPassword(String message) {
      return false;
    }

    @Override
    public boolean promptPassphrase(String message) {
      return false;
    }

    @Override
    public boolean promptYesNo(String message) {
      return false;
    }

    @Override
    public void showMessage(String message) {}
  }
}
