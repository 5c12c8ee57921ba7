"""Uploads one file with a password and a code of Google Authenticator: the program of origin text 003, with its gaps filled.

The text leaves out the host, the secret and the file; here they come from the environment. Name and password are asked for.
"""

import getpass
import os
import sys

import paramiko
import pyotp

hostname = os.environ["SFTP_HOST"]
port = int(os.environ.get("SFTP_PORT", "22"))
MFAuserCode = os.environ["MFA_SECRET"]

# Filepath and file name that needs to be uploaded
filename = os.environ["FILE_NAME"]
localfilepath = os.environ["FILE_FOLDER"] + "/" + filename

username = getpass.getpass("Enter sftp username: ")
userpass = getpass.getpass("Enter sftp password: ")

# Compatible with Google Authenticator and generates 6-digit OTP
totp = pyotp.TOTP(MFAuserCode)
MFAcode = totp.now()
print("Current OTP:", MFAcode)
passwordwithMFA = userpass + MFAcode

sftp = None
transport = None
succeeded = False
try:
    transport = paramiko.Transport((hostname, port))
    transport.connect(username=username, password=passwordwithMFA)
    sftp = paramiko.SFTPClient.from_transport(transport)
    uploadfile = sftp.put(localfilepath, "/personal/sample_file.png")
    response = "File " + filename + " uploaded successfully"
    succeeded = True
except Exception as e:
    response = "An error occurred creating SFTP client: %s: %s" % (e.__class__, e)
finally:
    if sftp is not None:
        sftp.close()
    if transport is not None:
        transport.close()

print(response)
sys.exit(0 if succeeded else 1)
