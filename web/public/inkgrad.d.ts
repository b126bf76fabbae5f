export * from './types/recognizer';
