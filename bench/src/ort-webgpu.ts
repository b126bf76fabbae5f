import * as ort from 'onnxruntime-web/webgpu';
import { make } from './ort';
import { offer } from './page';

offer(make(ort, 'webgpu'));
