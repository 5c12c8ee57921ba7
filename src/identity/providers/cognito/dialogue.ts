/** What each challenge of Cognito leads to: a response from what is in hand, a question to the user, or a refusal. */

import { z } from 'zod';
import { type DenialCode, Denied } from '../../decision.ts';
import type { Secret } from '../../secret.ts';
import type { Login, Proof, Question } from '../provider.ts';
import type { Challenge } from './answer.ts';
import type { CognitoOptions } from './options.ts';
import type { Response } from './sign-in.ts';

/** Times one challenge is put to a user: rounds of a custom challenge, tries of a new password. */
const MAX_TIMES_ASKED = 3;
/** Cognito's own limit. */
const MAX_PASSWORD_CHARACTERS = 256;

/** Where a sign-in stands; travels to the next question. */
export const progressShape = z.strictObject({
  /** How Cognito names the user in its challenges. */
  userName: z.string().min(1).max(2048),
  proofs: z.array(z.enum(['password', 'code', 'answer'])),
  isSecondFactorProven: z.boolean(),
  /** Names of the challenges put to the user. */
  asked: z.array(z.string()).max(16),
});

export const savedShape = z.strictObject({
  challenge: z.string().max(64),
  session: z.string().max(2048),
  progress: progressShape,
});

export type Progress = z.output<typeof progressShape>;
export type Saved = z.output<typeof savedShape>;

/** The code at the end of the password, while it was not used. */
export interface Situation {
  readonly login: Login;
  readonly progress: Progress;
  readonly code: Secret | undefined;
}

/** What is sent to Cognito, and where the sign-in stands if that is accepted. */
export interface Respond {
  readonly move: 'respond';
  readonly response: Response;
  readonly progress: Progress;
}

export interface Ask {
  readonly move: 'ask';
  readonly question: Question;
  readonly saved: Saved;
}

const CODE_CHALLENGES = {
  SOFTWARE_TOKEN_MFA: { member: 'SOFTWARE_TOKEN_MFA_CODE', prompt: 'Code of your authenticator app: ' },
  SMS_MFA: { member: 'SMS_MFA_CODE', prompt: 'Code of the text message: ' },
  EMAIL_OTP: { member: 'EMAIL_OTP_CODE', prompt: 'Code of the e-mail: ' },
} as const;

type CodeChallenge = keyof typeof CODE_CHALLENGES;

/** In the order in which they are chosen. */
const CODE_CHALLENGE_NAMES = [
  'SOFTWARE_TOKEN_MFA',
  'SMS_MFA',
  'EMAIL_OTP',
] as const satisfies CodeChallenge[];

const CODE = /^\d{4,9}$/;
const stringList = z.array(z.string());

export class Dialogue {
  readonly #options: CognitoOptions;

  constructor(options: CognitoOptions) {
    this.#options = options;
  }

  /** @throws Denied */
  next(challenge: Challenge, situation: Situation): Respond | Ask {
    const { progress } = situation;
    const { parameters } = challenge;
    // The hash of a response is made over the name in it, and an alias is not taken there.
    const userName = parameters.get('USER_ID_FOR_SRP') ?? parameters.get('USERNAME') ?? progress.userName;
    return this.#judge(challenge, { ...situation, progress: { ...progress, userName } });
  }

  /** The response for the answers to a question. @throws Denied */
  answered(saved: Saved, answers: readonly Secret[]): Respond | Ask {
    const { challenge: name, session, progress } = saved;
    const [first = '', second] = answers.map((answer) => answer.reveal());
    if (answers.length !== (name === 'NEW_PASSWORD_REQUIRED' ? 2 : 1)) throw new Denied('STATE_INVALID');
    if (isCodeChallenge(name)) return respondWithCode(name, session, first, progress);
    if (name === 'CUSTOM_CHALLENGE') return this.#respondToTrigger(session, first, progress);
    if (name !== 'NEW_PASSWORD_REQUIRED') throw new Denied('STATE_INVALID');
    if (first !== second) return askForPassword(session, progress, 'The two passwords are not the same.');
    if (first === '' || first.length > MAX_PASSWORD_CHARACTERS)
      return askForPassword(session, progress, 'The password is empty or too long.');
    return {
      move: 'respond',
      response: {
        challengeName: name,
        session,
        userName: progress.userName,
        members: { NEW_PASSWORD: first },
        phase: 'new-password',
      },
      progress,
    };
  }

  #judge(challenge: Challenge, situation: Situation): Respond | Ask {
    const { name } = challenge;
    if (isCodeChallenge(name)) return this.#enterCode(name, challenge, situation);
    switch (name) {
      case 'SELECT_MFA_TYPE':
        return this.#select(challenge, situation);
      case 'NEW_PASSWORD_REQUIRED':
        return this.#setPassword(challenge, situation);
      case 'CUSTOM_CHALLENGE':
        return this.#askForTrigger(challenge, situation);
      case 'MFA_SETUP':
        throw new Denied('MFA_ENROLMENT_REQUIRED');
      default:
        throw new Denied('MFA_UNSUPPORTED', `Cognito asks for ${shownChallenge(name)}.`);
    }
  }

  #enterCode(name: CodeChallenge, challenge: Challenge, { login, progress, code }: Situation): Respond | Ask {
    if (this.#options.mfa === 'none') throw new Denied('MFA_REQUIRED', `Cognito asks for ${name}.`);
    // A code of a text message does not exist yet when the password is typed.
    const isInHand = code !== undefined && name === 'SOFTWARE_TOKEN_MFA';
    if (isInHand) return respondWithCode(name, challenge.session, code.reveal(), progress);
    if (!this.#canAskFor(name, login)) throw new Denied('MFA_UNSUPPORTED', `Cognito asks for ${name}.`);
    const destination = challenge.parameters.get('CODE_DELIVERY_DESTINATION');
    const question = {
      ...(destination === undefined ? {} : { instruction: `A code was sent to ${destination}.` }),
      prompts: [{ text: CODE_CHALLENGES[name].prompt, echo: false }],
    };
    return ask(challenge, progress, question, 'MFA_REJECTED');
  }

  #canAskFor(name: CodeChallenge, login: Login): boolean {
    return login.canPrompt && (name === 'SOFTWARE_TOKEN_MFA' || this.#options.mfa === 'prompts');
  }

  #select(challenge: Challenge, { login, progress, code }: Situation): Respond {
    if (this.#options.mfa === 'none') throw new Denied('MFA_REQUIRED', 'Cognito asks for a second factor.');
    const offered = listOf(challenge.parameters.get('MFAS_CAN_CHOOSE'));
    const chosen = CODE_CHALLENGE_NAMES.find((name) => {
      const isUsable = this.#canAskFor(name, login) || (code !== undefined && name === 'SOFTWARE_TOKEN_MFA');
      return offered.includes(name) && isUsable;
    });
    if (chosen === undefined) throw new Denied('MFA_UNSUPPORTED', 'None of the second factors can be used.');
    return {
      move: 'respond',
      response: {
        challengeName: 'SELECT_MFA_TYPE',
        session: challenge.session,
        userName: progress.userName,
        members: { ANSWER: chosen },
        phase: 'code',
      },
      progress,
    };
  }

  #setPassword(challenge: Challenge, { login, progress }: Situation): Ask {
    if (this.#options.newPassword === 'refuse' || !login.canPrompt)
      throw new Denied('PASSWORD_EXPIRED', 'A new one has to be set.');
    if (listOf(challenge.parameters.get('requiredAttributes')).length > 0)
      throw new Denied('PASSWORD_EXPIRED', 'A new one has to be set, together with attributes.');
    return askForPassword(challenge.session, progress, 'You have to set a new password.');
  }

  #askForTrigger(challenge: Challenge, { login, progress }: Situation): Ask {
    const { customChallenge, customChallengeText } = this.#options;
    if (customChallenge === 'refuse' || !login.canPrompt)
      throw new Denied('MFA_UNSUPPORTED', 'Cognito asks for CUSTOM_CHALLENGE.');
    const text = challenge.parameters.get(customChallengeText) ?? 'Answer: ';
    return ask(challenge, progress, { prompts: [{ text, echo: false }] }, 'MFA_REJECTED');
  }

  #respondToTrigger(session: string, answer: string, progress: Progress): Respond {
    const isSecondFactorProven =
      progress.isSecondFactorProven || this.#options.customChallenge === 'second-factor';
    return {
      move: 'respond',
      response: {
        challengeName: 'CUSTOM_CHALLENGE',
        session,
        userName: progress.userName,
        members: { ANSWER: answer },
        phase: 'code',
      },
      progress: { ...progress, isSecondFactorProven, proofs: withProof(progress, 'answer') },
    };
  }
}

/** @throws Denied PASSWORD_EXPIRED where it was asked for too often */
export function askForPassword(session: string, progress: Progress, instruction: string): Ask {
  const challenge = { name: 'NEW_PASSWORD_REQUIRED', session };
  const prompts = [
    { text: 'New password: ', echo: false },
    { text: 'The same again: ', echo: false },
  ];
  return ask(challenge, progress, { instruction, prompts }, 'PASSWORD_EXPIRED');
}

function ask(
  { name, session }: Pick<Challenge, 'name' | 'session'>,
  progress: Progress,
  question: Question,
  codeWhenTooOften: DenialCode,
): Ask {
  const timesAsked = progress.asked.filter((asked) => asked === name).length;
  if (timesAsked >= MAX_TIMES_ASKED) throw new Denied(codeWhenTooOften, `${name} was asked too often.`);
  const asked = [...progress.asked, name];
  return { move: 'ask', question, saved: { challenge: name, session, progress: { ...progress, asked } } };
}

/** Authenticator apps show codes in groups, and so people type them. @throws Denied BAD_CODE */
function respondWithCode(name: CodeChallenge, session: string, typed: string, progress: Progress): Respond {
  const code = typed.replaceAll(/\s/g, '');
  if (!CODE.test(code)) throw new Denied('BAD_CODE', 'It is no number.');
  return {
    move: 'respond',
    response: {
      challengeName: name,
      session,
      userName: progress.userName,
      members: { [CODE_CHALLENGES[name].member]: code },
      phase: 'code',
    },
    progress: { ...progress, isSecondFactorProven: true, proofs: withProof(progress, 'code') },
  };
}

function withProof({ proofs }: Progress, proof: Extract<Proof, 'code' | 'answer'>): Progress['proofs'] {
  return proofs.includes(proof) ? proofs : [...proofs, proof];
}

function isCodeChallenge(name: string): name is CodeChallenge {
  return CODE_CHALLENGE_NAMES.some((known) => known === name);
}

/** Lists within parameters are JSON in a string. What is no list has nothing in it that could be chosen. */
function listOf(text: string | undefined): readonly string[] {
  try {
    return stringList.safeParse(JSON.parse(text ?? '[]')).data ?? [];
  } catch {
    return [];
  }
}

/** For messages: names of challenges are Cognito's, and whatever else stands there is not shown. */
export function shownChallenge(name: string): string {
  return /^[A-Z_]{1,40}$/.test(name) ? name : 'an unknown challenge';
}
